"""What configurations are written like: maps that `for` goes through, switches, copies, dynamic blocks, old idioms."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.deploy.importing import hcl, read_files, terraform
from vedette.deploy.importing.found import Found, Open, Value
from vedette.deploy.importing.properties import found_in
from vedette.deploy.importing.terraform import Module
from vedette.deploy.importing.terraform_functions import FUNCTIONS
from vedette.detections.yaml import Text
from vedette.errors import ProblemsError

WORLD = """
variable "on" { default = true }
variable "names" { default = ["b", "a"] }
variable "name" { default = "given" }
locals {
  name  = var.name
  map   = { b = { size = 2 }, a = { size = 1, "x y" = "z" } }
  empty = null
}
resource "aws_sns_topic" "one" { name = "one" }
resource "aws_sns_topic" "two" {
  count = 2
  name  = "two-${count.index}"
}
resource "aws_sns_topic" "each" {
  for_each = local.map
  name     = "each-${each.key}"
}
resource "aws_sns_topic" "open" {
  for_each = var.unknown
  name     = "x"
}
resource "aws_sns_topic" "inner" {
  tag {
    key = "first"
  }
  dynamic "tag" {
    for_each = local.map
    iterator = it
    content {
      key = "${it.key}-${it.value.size}"
    }
  }
}
"""


def value_of(source: str) -> Value:
    """What the local `x` comes to in that world."""
    module = Module([("main.tf", hcl.parse(Text.of(f"{WORLD}\nlocals {{\n x = {source}\n}}\n", "main.tf")))])
    return module.value(module.locals["x"], {})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{ for k, v in local.map : upper(k) => v.size if v.size > 1 }", {"B": 2}),
        ("{ for k, v in local.map : k => v }", {"b": {"size": 2}, "a": {"size": 1, "x y": "z"}}),
        ('{ for one in var.names : "${one}-x" => one }', {"b-x": "b", "a-x": "a"}),
        ("[ for i, one in var.names : \"${i}${one}\" ]", ["0b", "1a"]),
        ("[for one in var.names : one if one != \"b\"]", ["a"]),
        ("[for one in var.names : one if contains(var.unknown, one)]", ["b", "a"]),  # not surely left out
        ("[\n for one in var.names :\n one\n if one\n == \"a\"\n]", ["a"]),
        ("[for v in local.map : [for n in var.names : \"${n}${v.size}\"]]", [["b2", "a2"], ["b1", "a1"]]),
        ("{ for k, v in local.map : v.size => k... }", Open("${{ for k, v in local.map : v.size => k... }}")),
        ("[for one in var.unknown : one]", Open("${[for one in var.unknown : one]}")),
        ("[for 1 in var.names : 1]", Open("${[for 1 in var.names : 1]}")),
        ("[for a, b, c in var.names : 1]", Open("${[for a, b, c in var.names : 1]}")),
        ("[for a in var.names = 1]", Open("${[for a in var.names = 1]}")),
        ("{ for a in var.names : a }", Open("${{ for a in var.names : a }}")),
        ("{ for = 1, if = 2 }", {"for": 1, "if": 2}),
        ("var.on ? 1 : var.unknown", 1),
        ("!var.on ? 1 : [2][0]", 2),
        ("local.name", "given"),
        ("aws_sns_topic.one", Open("${aws_sns_topic.one}")),
        ("aws_sns_topic.one[0].name", "one"),
        ("aws_sns_topic.two[*].name", ["two-0", "two-1"]),
        ("aws_sns_topic.two.*.arn", [Open("${aws_sns_topic.two[0].arn}"), Open("${aws_sns_topic.two[1].arn}")]),
        ("aws_sns_topic.two[1].name", "two-1"),
        ("aws_sns_topic.two[1].id", Open("${aws_sns_topic.two[1].arn}")),
        ("aws_sns_topic.two.name", "two-0"),  # as it was written before Terraform 0.12
        ("one(aws_sns_topic.two[*].name)", "two-0"),
        ("join(\"\", aws_sns_topic.one.*.name)", "one"),
        ("element(concat(aws_sns_topic.two.*.arn, [\"\"]), 0)", Open("${aws_sns_topic.two[0].arn}")),
        ("aws_sns_topic.each[\"a\"].name", "each-a"),
        ("aws_sns_topic.each[\"a\"].arn", Open('${aws_sns_topic.each["a"].arn}')),
        ("[for t in aws_sns_topic.each : t.arn]",
         [Open('${aws_sns_topic.each["b"].arn}'), Open('${aws_sns_topic.each["a"].arn}')]),
        ("[for key, topic in aws_sns_topic.each : \"${key} ${topic.name}\"]", ["b each-b", "a each-a"]),
        ("values(aws_sns_topic.each)[*].arn",
         [Open('${aws_sns_topic.each["a"].arn}'), Open('${aws_sns_topic.each["b"].arn}')]),
        ("aws_sns_topic.open[\"a\"].arn", Open("${aws_sns_topic.open.a.arn}")),
        ("aws_sns_topic.inner.tag[2].key", "a-1"),
        ("aws_sns_topic.inner.tag[*].key", ["first", "b-2", "a-1"]),
        ("aws_sns_topic.none.tags[0]", Open("${aws_sns_topic.none.tags[0]}")),
        ("aws_sns_topic.one.tags[0][\"k\"][*]", Open("${aws_sns_topic.one.tags[0].k[*]}")),
        ("local.map[\"a\"][\"x y\"]", "z"),
        ("local.map[local.map.a.size == 1 ? \"b\" : \"a\"].size", 2),
        ("keys(local.map)[0]", "a"),
        ("local.empty[*]", []),
        ("local.name[*]", ["given"]),
        ("var.unknown[*]", Open("${var.unknown[*]}")),
        ("try(local.map.b.gone, 5)", 5),
        ("try(local.map.b.gone, local.empty.x, var.unknown.y, 1)", Open("${var.unknown.y}")),  # a plan may know it
        ("try(aws_sns_topic.each[\"c\"].name, \"none\")", "none"),
        ("can(local.map.b.size)", True),
        ("can(local.map.c)", False),
        ("can(var.unknown)", Open("${can(${var.unknown})}")),
        ("coalesce(local.empty, \"\", \"x\")", "x"),
        ("compact([\"\", null, \"x\"])", ["x"]),
        ("distinct(concat(var.names, [\"a\"]))", ["b", "a"]),
        ("flatten([[1, [2]], [], 3])", [1, 2, 3]),
        ("zipmap(var.names, [1, 2])", {"b": 1, "a": 2}),
        ("zipmap(var.names, [1])", Open("${zipmap([b, a], [1])}")),
        ("split(\",\", \"a,b\")", ["a", "b"]),
        ("title(\"root user's\")", "Root User'S"),
        ("tobool(\"true\")", True),
        ("tomap({ a = 1 })[\"a\"]", 1),
        ("toset(tolist(var.names))", ["b", "a"]),
        ("tostring(true)", "true"),
        ("trimspace(\" x\\n\")", "x"),
        ("trim(chomp(\"-x-\\n\"), \"-\")", "x"),
        ("replace(\"a.b.c\", \".\", \"-\")", "a-b-c"),
        ("replace(\"abc\", \"/b/\", \"-\")", Open("${replace(abc, /b/, -)}")),
        ("contains(var.names, \"a\")", True),
        ("contains([var.unknown], \"a\")", Open("${contains([${var.unknown}], a)}")),
        ("merge(local.map, null)[\"a\"].size", 1),
        ("merge(local.map, \"x\")", Open("${merge({b = {size = 2}, a = {size = 1, x y = z}}, x)}")),
        ("length(\"abc\")", 3),
        ("length(1)", Open("${length(1)}")),
        ("length(var.names...)", 2),
        ("lookup(local.map, \"c\")", Open("${lookup({b = {size = 2}, a = {size = 1, x y = z}}, c)}")),
        ("format(\"%s-%03d-%%-%v\", \"a\", 7, true)", "a-007-%-true"),
        ("format(\"%s-%s\", var.unknown, \"b\")", Open("${var.unknown}-b")),
        ("format(\"%03d\", var.unknown)", Open("${format(%03d, ${var.unknown})}")),
        ("format(\"%s\")", Open("${format(%s)}")),
        ("element([], 0)", Open("${element([], 0)}")),
        ("[1, 2][7]", Open("${[1, 2][7]}")),
        ("(1)", 1),
        ("local.two.0.1", Open("${local.two.0.1}")),
        ("aws_sns_topic.two.1.name", "two-1"),  # as it was written before Terraform 0.12
        ("{ a = 1\n b = 2, }", {"a": 1, "b": 2}),
        ("<<-EOT\n    a\n   \n    EOT\n", "a\n\n"),
        ("join(\"\", [])", ""),
        ("(1, 2)", Open("${(1, 2)}")),
        ("local.map[1, 2]", Open("${local.map[1, 2]}")),
        ("var.names.!", Open("${var.names.!}")),
        ("@", Open("${@}")),
        ("!@", Open("${!@}")),
        ("1 + @", Open("${1 + @}")),
        ("var.on ? 1", Open("${var.on ? 1}")),
        ("1 ? 2 : 3", Open("${1 ? 2 : 3}")),
        ("\"%{ if var.on }a%{ endif }\"", Open("${%{ if var.on }}a${%{ endif }}")),
        ("\"${~ 1 ~}\"", 1),
        ("\"${\n 1\n}x\"", "1x"),
        (r'"\U0001F600\ud800"', "\U0001f600\ufffd"),
        ("{ (local.name) = 1, \"${local.name}-x\" = 2, 3 = 4 }", {"given": 1, "given-x": 2, "3": 4}),
        ("<<-EOT\n    a ${local.name}\n\n      b $${x}\n    EOT\n", "a given\n\n  b ${x}\n"),
        ("<<EOT\n  a\nEOT\n", "  a\n"),
        ("[<<A\none\nA\n, <<B\ntwo\nB\n]", ["one\n", "two\n"]),
        ("@ <<A\n)]} ${local.name}\nA\n", Open("${@ <<A )]} ${local.name} A}")),
    ],
)  # fmt: skip
def test_what_an_expression_comes_to(source: str, value: Value) -> None:
    found = value_of(source)
    assert (found.text if isinstance(found, Open) else found) == (value.text if isinstance(value, Open) else value)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{ @ = 1 }", "6:8: error: expected a key"),
        ("{ a = 1", "a bracket that is not closed"),
        ("@ [1, (2", "6:12: error: a bracket that is not closed"),
        ("@ [1)", "`)` closes nothing that is open"),
        ("@ /* here", "a comment that is not closed"),
        ("<<EOT\n${1\nEOT\n", "`${` that is not closed"),
        ('"a', "6:6: error: a text that is not closed"),
        ("!" * 100, "nested deeper than 64 levels"),
    ],
)
def test_what_is_broken_within_an_expression_is_told(source: str, told: str) -> None:
    text = f"locals {{\n a = 1\n}}\n\nlocals {{\n x = {source}"
    with pytest.raises(ProblemsError) as caught:
        hcl.parse(Text.of(text, "main.tf"))
    assert told in caught.value.render()


CIS = (Path(__file__).parent / "import_data" / "cis_module.tf").read_text()


def read(tmp_path: Path, body: str) -> Found:
    (tmp_path / "main.tf").write_text(body)
    return read_files([tmp_path / "main.tf"])


def test_a_module_as_people_write_it(tmp_path: Path) -> None:
    """A map of controls that a `for` narrows, `for_each` over it, and alarms that refer to the filters' own blocks."""
    found = read(tmp_path, CIS)
    assert [(one.name, one.series, one.log_group) for one in found.filters] == [
        ("cis-UnauthorizedAPICalls", ("CISBenchmark", "UnauthorizedAPICalls"), "cloudtrail"),
        ("cis-RootUsage", ("CISBenchmark", "Root"), "cloudtrail"),
        ("KmsDeletion", ("LogMetrics", "KmsDeletion"), "cloudtrail"),
    ]
    assert [(one.name, one.series, one.threshold, one.period, one.actions) for one in found.alarms] == [
        (
            "cis-UnauthorizedAPICalls",
            ("CISBenchmark", "UnauthorizedAPICalls"),
            5,
            300,
            ("${aws_sns_topic.alarms.arn}",),
        ),
        ("cis-RootUsage", ("CISBenchmark", "Root"), 1, 300, ("${aws_sns_topic.alarms.arn}",)),
        ("KmsDeletion-01", ("LogMetrics", "KmsDeletion"), 1, 300, ('${aws_sns_topic.more["night"].arn}',)),
    ]
    assert found.filters[1].pattern == (
        '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}\n'
    )
    assert [(one.arn, one.confirmed) for one in found.topics] == [
        ("${aws_sns_topic.alarms.arn}", 1), ('${aws_sns_topic.more["night"].arn}', 0),
    ]  # fmt: skip
    assert found.unread == ()


def test_what_doubles_itself_comes_to_an_end(tmp_path: Path) -> None:
    """Rule: "always terminates": forty locals, each the one before it twice, are a million million values."""
    for twice in (
        "[local.l{0}, local.l{0}]",
        '"${{local.l{0}}}${{local.l{0}}}"',
        'replace(local.l{0}, "a", local.l{0})',
    ):
        chain = "\n".join(f"  l{number + 1} = {twice.format(number)}" for number in range(40))
        body = f'locals {{\n  l0 = "aa"\n{chain}\n}}\nresource "aws_sns_topic" "t" {{\n  name = local.l40\n}}\n'
        assert len(read(tmp_path, body).topics) == 1


def test_what_is_tried_twice_is_read_once(tmp_path: Path) -> None:
    """An expression that cannot be read is passed over by its brackets; texts within texts within it take no time."""
    body = "x = " + '"${ ' * 20 + "1" + ' @}"' * 20 + "\n"
    with pytest.raises(ProblemsError, match="not closed"):
        read(tmp_path, body)
    body = "x = " + '@ "${' * 15 + "1" + '}"' * 15 + "\n"
    assert read(tmp_path, body).filters == ()


def test_lists_beyond_all_bounds_are_not_made() -> None:
    """A chain of lists that is looked into at its beginning first, so that it grows deeper than any expression."""
    chain = "\n".join(f"  l{number + 1} = [local.l{number}]" for number in range(300))
    module = Module([("main.tf", hcl.parse(Text.of(f"locals {{\n  l0 = 1\n{chain}\n}}\n", "main.tf")))])
    for number in range(300):
        module.value(hcl.parse(Text.of(f"x = local.l{number}\n", "t")).attributes["x"], {})
    deep = hcl.parse(Text.of('x = "${local.l290}-"\ny = local.l290 == local.l291\n', "t")).attributes
    assert module.value(deep["x"], {}) == Open("…")
    assert module.value(deep["y"], {}) == Open("${local.l290 == local.l291}")
    wide = hcl.parse(Text.of(f"x = concat({', '.join(['split(local.c, local.t)'] * 3)})\n", "t")).attributes["x"]
    module = Module([("main.tf", hcl.parse(Text.of(f'locals {{\n c = ","\n t = "{"," * 3000}"\n}}\n', "t")))])
    assert isinstance(module.value(wide, {}), Open)


def test_copies_are_made_for_each_copy_of_another(tmp_path: Path) -> None:
    found = read(tmp_path, """
        variable "filters" {
          type = list(object({ name = string, threshold = optional(number, 5) }))
          default = [{ name = "Stop" }, { name = "Delete" }]
        }
        resource "aws_cloudwatch_log_metric_filter" "all" {
          for_each = { for index, one in var.filters : one.name => one }
          name     = each.key
          pattern  = "{ $.eventName = \\"${each.key}Trail\\" }"
          metric_transformation {
            name      = "${each.key}s"
            namespace = "Own"
            value     = 1
          }
        }
        resource "aws_cloudwatch_metric_alarm" "all" {
          for_each    = aws_cloudwatch_log_metric_filter.all
          alarm_name  = each.key
          metric_name = each.value.metric_transformation[0].name
          namespace   = one(each.value.metric_transformation[*].namespace)
        }
        resource "aws_cloudwatch_metric_alarm" "circle" {
          for_each    = aws_cloudwatch_metric_alarm.circle
          metric_name = each.value.metric_name
        }
    """)  # fmt: skip
    assert [one.pattern for one in found.filters] == [
        '{ $.eventName = "StopTrail" }', '{ $.eventName = "DeleteTrail" }',
    ]  # fmt: skip
    assert [(one.name, one.series) for one in found.alarms] == [
        ("Stop", ("Own", "Stops")), ("Delete", ("Own", "Deletes")),
    ]  # fmt: skip
    assert [one.where.name for one in found.unread] == ["aws_cloudwatch_metric_alarm.circle"]


_PIECES = [
    *(
        "for ",
        "in ",
        "if ",
        " : ",
        " => ",
        " ? ",
        "...",
        "local.x",
        "var.y",
        "each.key",
        "[*]",
        ".*",
        '"a"',
        "1",
        "true",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        " = ",
        "\n",
        " && ",
        " || ",
        "!",
        "-",
        " == ",
        " < ",
        "/",
        "${",
        "%{",
        '"',
        "#",
    ),
    *(
        "<<E\n",
        "E\n",
        "try(",
        "join(",
        "merge(",
        "replace(",
        "format(",
        "element(",
        "lookup(",
        "split(",
        "@",
        "$${",
        "//",
    ),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=30).map("".join))
def test_whatever_is_written_is_read_or_told(body: str) -> None:
    """A value, or a fault at a place that there is; rule: "never an exception other than the clear errors"."""
    text = f"locals {{\n x = {body}\n}}\n"
    try:
        block = hcl.parse(Text.of(text, "main.tf"))
    except ProblemsError as error:
        assert all(1 <= problem.line <= text.count("\n") + 1 for problem in error.problems)
        return
    module = Module([("main.tf", block)])
    for expression in module.locals.values():
        module.value(expression, {"each": {"key": "k", "value": {"a": [1, None]}}})


_NAMES = st.sampled_from(["a", "b", "c"])
_TERMS = st.recursive(
    st.one_of(
        st.sampled_from(["1", "0", "-3", "1e15", '"t"', '""', "true", "false", "null", "[]", "{}", "var.none"]),
        _NAMES.map("local.{}".format),
        _NAMES.map("aws_sns_topic.{}.name".format),
        _NAMES.map("aws_sns_topic.{}[*].x".format),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">", "&&", "||"]), inner)
        .map(" ".join)
        .map("({})".format),
        st.tuples(inner, inner, inner).map("({0[0]} ? {0[1]} : {0[2]})".format),
        st.tuples(inner, inner).map("[{0[0]}, {0[1]}]".format),
        st.tuples(inner, inner).map("[for k, v in {0[0]} : {0[1]} if v != k]".format),
        st.tuples(inner, inner).map("{{ for v in {0[0]} : v => {0[1]} }}".format),
        st.tuples(inner, inner).map("{0[0]}[{0[1]}]".format),
        st.tuples(inner, inner).map('"${{{0[0]}}}-${{{0[1]}}}"'.format),
        st.tuples(
            st.sampled_from([*FUNCTIONS, "none"]),
            st.lists(inner, max_size=3).map(", ".join),
        ).map("{0[0]}({0[1]})".format),
    ),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(st.fixed_dictionaries({"a": _TERMS, "b": _TERMS, "c": _TERMS}), _TERMS, _TERMS)
def test_whatever_can_be_read_comes_to_something(given_locals: dict[str, str], each: str, count: str) -> None:
    """Locals and resources that refer to each other in any way, in circles too."""
    lines = "\n".join(f"  {name} = {term}" for name, term in given_locals.items())
    body = f"""
locals {{
{lines}
}}
resource "aws_sns_topic" "a" {{
  for_each = {each}
  name     = local.a
}}
resource "aws_sns_topic" "b" {{
  count = {count}
  name  = aws_sns_topic.c.name
}}
resource "aws_sns_topic" "c" {{
  name = aws_sns_topic.b.name
  dynamic "x" {{
    for_each = local.b
    content {{
      y = x.value
    }}
  }}
}}
"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terraform, "_MOST", 3_000)
        module = Module([("main.tf", hcl.parse(Text.of(body, "main.tf")))])
        found_in("main.tf", module.resources())
