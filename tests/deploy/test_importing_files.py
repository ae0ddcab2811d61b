"""Reading templates and configurations: what is resolved, what stays open, and what is wrong at which place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.deploy.importing import hcl, read_files
from vedette.deploy.importing.cloudformation import TAGS, Template
from vedette.deploy.importing.found import Found, Open, Value
from vedette.deploy.importing.terraform import Module
from vedette.detections.yaml import Mapping, Text, YamlError, parse
from vedette.errors import InputError, ProblemsError

DATA = Path(__file__).parent / "import_data"


def read(tmp_path: Path, text: str | bytes, name: str = "template.yaml") -> Found:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_files([path])


def template(body: str) -> Template:
    root = parse(Text.of(body, "t.yaml"), TAGS)
    assert isinstance(root, Mapping)
    return Template(root, Text.of(body, "t.yaml"))


def resolved(expression: str) -> Value:
    """What an expression of a template comes to."""
    made = template(f"""
Parameters: {{Name: {{Type: String, Default: given}}, Unknown: {{Type: String}}}}
Conditions: {{Yes: !Equals [a, a], No: !Not [!Condition Yes], Maybe: !Equals [!Ref Unknown, a]}}
Mappings: {{Map: {{given: {{Key: found}}}}}}
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  Group: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: !Sub "/${{Name}}/logs"}}}}
X: {expression}
""")
    node = parse(Text.of(made.text.text, "t"), TAGS)
    assert isinstance(node, Mapping)
    found = node.get("X")
    assert found is not None
    return made.value(found)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!Ref Name", "given"),
        ("{Ref: Name}", "given"),
        ("!Ref Unknown", Open("${Unknown}")),
        ("!Ref Topic", Open("${Topic}")),
        ("!GetAtt Topic.TopicArn", Open("${Topic}")),
        ("!GetAtt [Topic, TopicName]", Open("${Topic.TopicName}")),
        ("!Ref Group", "/given/logs"),
        ('!Sub "${Name} and ${!Name}"', "given and ${Name}"),
        ('!Sub ["${A}-${Name}", {A: !Ref Name}]', "given-given"),
        ('!Sub "${AWS::Region}"', Open("${AWS::Region}")),
        ("!Join ['-', [a, !Ref Name]]", "a-given"),
        ("!Join ['-', [a, !Ref Unknown]]", Open("a-${Unknown}")),
        ("!Select [1, [a, b]]", "b"),
        ("!Select [0, !Split [',', 'a,b']]", "a"),
        ("!Select [7, [a]]", Open("${Fn::Select}")),
        ("!If [Yes, a, b]", "a"),
        ("!If [No, a, b]", "b"),
        ("!If [Maybe, a, b]", "a"),
        ("[a, !If [No, b, !Ref AWS::NoValue]]", ["a"]),
        ("{a: !Ref AWS::NoValue, b: 1}", {"b": 1}),
        ("!FindInMap [Map, !Ref Name, Key]", "found"),
        ("!FindInMap [Map, !Ref Unknown, Key]", Open("${Fn::FindInMap}")),
        ("!And [!Condition Yes, !Condition Maybe]", Open("${Fn::And}")),
        ("!And [!Condition Yes, !Condition No]", False),
        ("!Or [!Condition Maybe, !Condition Yes]", True),
        ("!ImportValue x", Open("${Fn::ImportValue:x}")),
    ],
)
def test_functions_are_resolved_as_far_as_the_template_tells(expression: str, value: Value) -> None:
    assert resolved(expression) == value


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "Resources: {A: {Type: AWS::SNS::Topic, Properties: {X: !Sbu x}}}",
            "1:56: error: the tag `!Sbu` is not known",
        ),
        (
            "Resources:\n  A: {Type: AWS::SNS::Topic, Properties: {X: {Fn::Sbu: x}}}",
            "2:47: error: CloudFormation has no function `Fn::Sbu`",
        ),
        (
            "Resources:\n  A: {Type: AWS::SNS::Topic, Properties: {X: !Join x}}",
            "2:46: error: `Fn::Join` takes a list of two",
        ),
        ("Resources:\n  A: [1 2: 3\n", "error: a list in brackets that is not closed"),
        ("a: 1\na: 2\n", "2:1: error: duplicate key `a`"),
        ("just: text", "1:1: error: nothing here is called `Resources`"),
        ("", "1:1: error: the file is empty"),
        ('{"Resources": {"A": }}', "1:21: error: not JSON: expecting value"),
        ('{"a": 1}', "1:1: error: neither a CloudFormation template nor Terraform's JSON"),
        ('{"a":' * 100_000, "1:1: error: JSON that is nested too deep"),
        (b"\xff\xfe", "1:1: error: not text in UTF-8"),
        (
            "Conditions: {A: !Condition A}\nResources: {F: {Type: AWS::SNS::Topic, Properties: {X: !If [A, 1, 2]}}}",
            "in a circle",
        ),
    ],
)
def test_what_is_broken_is_told_with_its_place(tmp_path: Path, body: str | bytes, told: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        read(tmp_path, body)
    assert told in caught.value.render()


def test_a_file_that_is_too_large_and_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is larger than 20 MB"):
        read(tmp_path, b" " * 20_000_001)
    with pytest.raises(InputError, match="no such file"):
        read_files([tmp_path / "none.yaml"])
    with pytest.raises(InputError, match="no Terraform file is in"):
        read_files([tmp_path])


def test_json_templates_have_places(tmp_path: Path) -> None:
    document = {"Resources": {"Filter": {"Type": "AWS::Logs::MetricFilter", "Properties": {
        "FilterPattern": "{ $.a = 1 }", "LogGroupName": "g",
        "MetricTransformations": [{"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1"}],
    }}}}  # fmt: skip
    found = read(tmp_path, json.dumps(document, indent=1), "t.json")
    assert [(one.name, one.where.line, one.series) for one in found.filters] == [("Filter", 3, ("n", "m"))]


def test_a_large_template_is_read_in_no_time(tmp_path: Path) -> None:
    resource = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "x" * 1500}}
    found = read(tmp_path, json.dumps({"Resources": {f"T{number}": resource for number in range(600)}}), "t.json")
    assert len(found.topics) == 600


def value_of(source: str, *more: str) -> Value:
    """What the local `x` of a configuration comes to."""
    block = hcl.parse(Text.of("\n".join([f"locals {{\n x = {source}\n}}", *more]), "main.tf"))
    module = Module([("main.tf", block)])
    return module.value(module.locals["x"], {"each": {"key": "k", "value": {"a b": [7]}}})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1", 1),
        ("-2.5e1", -25.0),
        ("true", True),
        ("null", None),
        (r'"a\"b\\c\n\u00e9"', 'a"b\\c\né'),
        ('"$${literal} %%{x}"', "${literal} %{x}"),
        ('"a-${each.key}"', "a-k"),
        ('"${each.key}"', "k"),
        ('each.value["a b"][0]', 7),
        ('[1, "two", # three\n 3,]', [1, "two", 3]),
        ('{ a = 1, "b" : 2\n c = [3] }', {"a": 1, "b": 2, "c": [3]}),
        ("<<EOT\n  one\nEOT\n", "  one\n"),
        ("<<-EOT\n    one\n      two\n    EOT\n", "one\n  two\n"),
        ('<<EOT\n${each.key} "quoted"\nEOT\n', 'k "quoted"\n'),
        ("var.known", "default"),
        ("var.unknown", Open("${var.unknown}")),
        ("1 + 2", 3),
        ("60 * 5 - -1", 301),
        ("7 / 2 >= 3.5 && 7 % 2 == 1 && 1 < 2 && !(2 <= 1) && 3 > 2", True),
        ("1 + 2 * 3 == 7 || var.unknown", True),
        ("false && var.unknown", False),
        ("var.unknown && true", Open("${var.unknown && true}")),
        ('"1" == 1 || true == 1', False),
        ("var.unknown != 1", Open("${var.unknown != 1}")),
        ('[var.unknown] == ["a"]', Open('${[var.unknown] == ["a"]}')),
        ("1 / 0", Open("${1 / 0}")),
        ("-true", Open("${-true}")),
        ('1 + "1"', Open('${1 + "1"}')),
        ("(\n 1 # one\n + 2\n)", 3),
        ('var.known == "x" ? [1, 2] : "}"', "}"),
        ("var.unknown ? 1 : 0", Open("${var.unknown ? 1 : 0}")),
        ("var.unknown ?? 1", Open("${var.unknown ?? 1}")),
        ("provider::aws::arn_parse(var.known)", Open("${provider::aws::arn_parse(var.known)}")),
        ("[for one in var.known : upper(one)]", Open("${[for one in var.known : upper(one)]}")),
        ('format("%s-%d", each.key, 3)', "k-3"),
        ('join("|", ["a", "b"])', "a|b"),
        ("merge({ a = 1 }, { b = 2 })", {"a": 1, "b": 2}),
        ("lower(upper(each.key))", "k"),
        ("length([1, 2])", 2),
        ('lookup({ a = "x" }, "a", "y")', "x"),
        ('lookup({ a = "x" }, "b", "y")', "y"),
        ('element(["a", "b"], 3)', "b"),
        ('"${lookup(each.value, "a b")}"', [7]),
        ("unheard_of(1)", Open("${unheard_of(1)}")),
        ("format()", Open("${format()}")),
        ("aws_sns_topic.t.arn", Open("${aws_sns_topic.t.arn}")),
        ("aws_sns_topic.t.name", "alerts"),
        ("aws_sns_topic.t[0].name", "alerts"),
        ("aws_sns_topic.t.id", Open("${aws_sns_topic.t.arn}")),  # a topic's id is its ARN
        ("aws_sns_topic.t[*].arn", [Open("${aws_sns_topic.t.arn}")]),
        ("aws_sns_topic.t.*.name", ["alerts"]),
        ("local.x", Open("${local.x}")),
    ],
)
def test_expressions_of_a_configuration(source: str, value: Value) -> None:
    more = ('variable "known" {\n default = "default"\n}', 'resource "aws_sns_topic" "t" {\n name = "alerts"\n}')
    assert value_of(source, *more) == value


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('resource "a" "b" {\n', "main.tf:1:1: error: the block `resource` is not closed"),
        ('x = "abc\n', "1:5: error: a text that is not closed"),
        ("x = [1, 2\n", "1:5: error: a bracket that is not closed"),
        ("x = [1 2]\n", "1:8: error: expected `,` or `]`"),
        ("x = {a 1}\n", "1:8: error: expected `=` after a key"),
        ("x = <<EOT\nnever closed\n", "1:5: error: `<<EOT` that is not closed"),
        ('x = "${a"\n', "1:6: error: `${` that is not closed"),
        (r'x = "\q"' + "\n", r"1:6: error: `\q` is no escape"),
        ("/* open\n", "1:1: error: a comment that is not closed"),
        ("= 1\n", "1:1: error: expected a name"),
        ("x =\n", "error: expected a value"),
        ("x = " + "[" * 100 + "\n", "nested deeper than 64 levels"),
        ("x = (1 + [2)\n", "1:12: error: expected `,` or `]`"),
        ("x 1\n", "1:3: error: expected `=` or `{` after `x`"),
    ],
)
def test_a_broken_configuration_is_told_with_its_place(tmp_path: Path, body: str, told: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        read(tmp_path, body, "main.tf")
    assert told in caught.value.render()


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from(list('ax1 ="${}[]()<>-\n\\.,:?*/#%EOT')), max_size=60))
def test_no_text_breaks_the_reader_of_configurations(body: str) -> None:
    """A configuration is read, or told to be wrong at a place; nothing else happens."""
    try:
        block = hcl.parse(Text.of(body, "main.tf"))
    except ProblemsError as error:
        assert all(1 <= problem.line <= body.count("\n") + 1 for problem in error.problems)
    else:
        assert block.type == ""


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from(list("aRe!&: {}[]-\n'\"FnS:,|>")), max_size=60))
def test_no_text_breaks_the_reader_of_templates(body: str) -> None:
    try:
        parse(Text.of(body, "t.yaml"), TAGS)
    except YamlError as error:
        assert error.problem.line >= 1


def test_a_plan_and_a_state_are_read_in_every_module(tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "name": "f", "pattern": "{ $.a = 1 }", "log_group_name": "g",
        "metric_transformation": [{"name": "m", "namespace": "n", "value": "1", "default_value": "0"}],
    }  # fmt: skip
    resource = {"mode": "managed", "type": "aws_cloudwatch_log_metric_filter", "name": "f", "values": values}
    module = {"address": "module.inner", "resources": [resource | {"address": "module.inner.x.f"}]}
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"child_modules": [module]}}}
    found = read(tmp_path, json.dumps(plan), "plan.json")
    assert [(one.name, one.where.name, one.default) for one in found.filters] == [("f", "module.inner.x.f", 0.0)]
    topic = {"arn": "arn:aws:sns:us-east-1:111122223333:t", "name": "t"}
    mail = {"topic_arn": topic["arn"], "pending_confirmation": True}
    state = {"version": 4, "terraform_version": "1.9", "resources": [
        {"mode": "managed", "type": "aws_sns_topic", "name": "t", "instances": [{"attributes": topic}]},
        {"mode": "managed", "type": "aws_sns_topic_subscription", "name": "m", "instances": [{"attributes": mail}]},
        {"mode": "data", "type": "aws_sns_topic", "name": "d", "instances": [{"attributes": topic | {"arn": "x"}}]},
    ]}  # fmt: skip
    found = read(tmp_path, json.dumps(state), "terraform.tfstate")
    assert [(one.arn, one.confirmed, one.pending) for one in found.topics] == [(topic["arn"], 0, 1)]


def test_variables_of_a_folder_are_filled_in(tmp_path: Path) -> None:
    (tmp_path / "a.tf").write_text('resource "aws_sns_topic_subscription" "s" { topic_arn = var.topic }\n')
    (tmp_path / "b.tfvars").write_text('topic = "arn:x"\n')
    (tmp_path / "c.tf").write_text('resource "aws_sns_topic" "t" { arn = "arn:x" }\nmodule "m" { source = "./m" }\n')
    (tmp_path / "d.tf").write_text(
        'resource "aws_cloudwatch_metric_alarm" "e" {\n for_each = var.unknown\n}\n'
        'resource "aws_cloudwatch_metric_alarm" "q" {\n alarm_name = "q"\n metric_query {\n id = "e1"\n }\n}\n'
    )
    found = read_files([tmp_path])
    assert [(one.arn, one.confirmed) for one in found.topics] == [("arn:x", 1)]
    assert sorted((one.where.name, one.where.line, one.reason.partition(";")[0]) for one in found.unread) == [
        ("aws_cloudwatch_metric_alarm.e", 1, "it is made for each of what only a plan knows"),
        ("aws_cloudwatch_metric_alarm.q", 4, "the alarm watches an expression, not one metric"),
        ("module.m", 2, "modules are not followed"),
    ]


def test_count_makes_as_many_as_it_says(tmp_path: Path) -> None:
    """A number is followed; a switch between one and none counts as one; what else is open is told."""
    block = (
        'resource "aws_cloudwatch_metric_alarm" "{0}" {{\n count = {1}\n'
        ' alarm_name = "{0}-${{count.index}}"\n metric_name = "m"\n}}\n'
    )
    counts = {"two": "length(local.names)", "none": "0", "switch": "var.on ? 1 : 0", "open": "var.many"}
    body = 'locals { names = ["a", "b"] }\n' + "".join(block.format(name, count) for name, count in counts.items())
    found = read(tmp_path, body, "main.tf")
    assert [one.name for one in found.alarms] == ["two-0", "two-1", "switch-0", "open-0"]
    assert [one.where.name for one in found.unread] == ["aws_cloudwatch_metric_alarm.open"]


def test_a_filter_whose_metric_cannot_be_read_is_told(tmp_path: Path) -> None:
    body = (
        'resource "aws_cloudwatch_log_metric_filter" "f" {\n dynamic "metric_transformation" {\n for_each = []\n }\n}\n'
    )
    found = read(tmp_path, body, "main.tf")
    assert not found.filters
    assert [one.reason for one in found.unread] == ["the filter's metric is not said in a way that can be read"]


def test_a_template_within_a_configuration_is_told(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        'resource "aws_cloudformation_stack" "s" {\n template_body = <<EOT\nResources: {}\nEOT\n}\n',
        "main.tf",
    )
    assert [one.where.name for one in found.unread] == ["aws_cloudformation_stack.s"]
