"""What templates hold: short tags and long ones, what cannot be resolved, what is wrong, and what never ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.deploy.importing import cloudformation, read_files
from vedette.deploy.importing.cloudformation import TAGS, Template
from vedette.deploy.importing.found import Found, Open, Value
from vedette.deploy.importing.properties import found_in
from vedette.detections.yaml import Mapping, Text, YamlError, parse
from vedette.errors import ProblemsError

WORLD = """
Parameters: {Name: {Type: String, Default: given}, Unknown: {Type: String}}
Conditions: {Yes: !Equals [a, a], No: !Not [!Condition Yes], Maybe: !Equals [!Ref Unknown, a]}
Mappings: {Map: {given: {Key: found}}}
Resources: {Topic: {Type: AWS::SNS::Topic}, Filter: {Type: AWS::Logs::MetricFilter, Properties: {FilterName: own}}}
X: """


def read(tmp_path: Path, text: str) -> Found:
    (tmp_path / "t.yaml").write_text(text)
    return read_files([tmp_path / "t.yaml"])


def made(text: str) -> tuple[Template, Mapping]:
    root = parse(Text.of(text, "t.yaml"), TAGS)
    assert isinstance(root, Mapping)
    return Template(root, Text.of(text, "t.yaml")), root


def value_of(expression: str) -> Value:
    template, root = made(f"{WORLD}{expression}\n")
    node = root.get("X")
    assert node is not None
    return template.value(node)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!Ref Filter", "own"),
        ("!Ref Nothing", Open("${Nothing}")),
        ("!Join [',', !Ref Unknown]", Open("${${Unknown}}")),
        ("!Join [',', !Split ['-', a-b]]", "a,b"),
        ("!Split [',', !Ref Unknown]", Open("${Fn::Split}")),
        ("!Split ['', a]", Open("${Fn::Split}")),
        ("!Select ['1', !Split [',', 'a,b']]", "b"),
        ("!Select [!Ref Unknown, [a]]", Open("${Fn::Select}")),
        ("!Sub '${Topic.TopicArn} ${ Name } $Name ${}'", Open("${Topic} given $Name ${}")),
        ("!Sub ['${A}', {A: [1]}]", ""),
        ("!Sub 'true'", "true"),
        ("!Join ['', [true, 1, null]]", "true1"),
        ("!FindInMap [Map, given, Key, {DefaultValue: x}]", "found"),
        ("!Condition Yes", True),
        ("!Condition Maybe", Open("${Maybe}")),
        ("!Not [!Condition Maybe]", Open("${Fn::Not}")),
        ("!Not [!Condition No]", True),
        ("!Or [!Condition Maybe, !Condition No]", Open("${Fn::Or}")),
        ("!Or [!Condition No]", False),
        ("!And [!Condition Yes]", True),
        ("!Base64 x", Open("${Fn::Base64:x}")),
        ("!GetAZs ''", Open("${Fn::GetAZs:}")),
        ("{Fn::Length: [1]}", Open("${Fn::Length:}")),
        ("!ToJsonString {a: 1}", Open("${Fn::ToJsonString:}")),
        ("{Fn::GetAtt: [Topic, TopicArn]}", Open("${Topic}")),
        ("{Ref: [1]}", Open("${}")),
        ("{Condition: Yes, Other: 1}", {"Condition": "Yes", "Other": 1}),
    ],
)
def test_what_an_expression_comes_to(expression: str, value: Value) -> None:
    assert value_of(expression) == value


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("!Sub [a, b]", "`Fn::Sub` takes a text, or a list of a text and a mapping"),
        ("!Sub {a: b}", "`Fn::Sub` takes a text, or a list of a text and a mapping"),
        ("!Join [',']", "`Fn::Join` takes a list of two"),
        ("!Select x", "`Fn::Select` takes a list of two"),
        ("!Equals [1]", "`Fn::Equals` takes a list of two"),
        ("!If [Yes, 1]", "`Fn::If` takes a condition and two values"),
        ("!FindInMap [Map]", "`Fn::FindInMap` takes the names of a map and of two keys"),
        ("!FindInMap Map", "`Fn::FindInMap` takes the names of a map and of two keys"),
        ("{'Fn::Sum': [1, 2]}", "CloudFormation has no function `Fn::Sum`"),
    ],
)
def test_what_a_function_does_not_take_is_told(expression: str, told: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        value_of(expression)
    (problem,) = caught.value.problems
    assert (problem.message, problem.line) == (told, 6)


TEMPLATE = """
Parameters: {Mail: {Type: String, Default: ""}, Stage: {Type: String}}
Conditions: {HasMail: !Not [!Equals [!Ref Mail, ""]], IsLive: !Equals [!Ref Stage, live]}
Resources:
  'Fn::ForEach::Filters': [Name, [A, B], {'${Name}': {Type: AWS::SNS::Topic}}]
  NoMapping: 1
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub "${AWS::StackName}-t"}}
  Inline: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: email, Endpoint: !Ref Mail}]}}
  Bare: {Type: AWS::SNS::Topic, Properties: !Transform {Name: AWS::Include}}
  Mailed: {Type: AWS::SNS::Subscription, Condition: HasMail, Properties: {TopicArn: !Ref Topic}}
  Elsewhere: {Type: AWS::SNS::Subscription, Properties: {TopicArn: "arn:aws:sns:x"}}
  Trail: {Type: AWS::CloudTrail::Trail, Properties: {IsLogging: true}}
  NotMade: {Type: AWS::CloudWatch::Alarm, Condition: HasMail, Properties: {MetricName: x}}
  Live:
    Type: AWS::CloudWatch::Alarm
    Condition: IsLive
    Properties:
      AlarmName: !Sub "${Stage}"
      MetricName: m
      Namespace: n
      Threshold: "1.5"
      Period: !Ref Stage
      EvaluationPeriods: "2"
      DatapointsToAlarm: 1.5
      ActionsEnabled: "No"
      AlarmActions: !Ref Topic
      Dimensions: [{Name: A, Value: b}]
  Second:
    Type: AWS::CloudWatch::Alarm
    Properties:
      {AlarmName: !Sub "${Stage}-${Mail}-x", MetricName: m, Namespace: n, Threshold: no number, ActionsEnabled: perhaps,
       AlarmActions: [[!Ref Topic], "", !Ref AWS::NoValue], AlarmDescription: [1], EvaluationPeriods: true}
  Filter:
    Type: AWS::Logs::MetricFilter
    Properties:
      FilterPattern: ""
      LogGroupName: 12345678901234567890
      MetricTransformations:
        [{MetricName: 7.0, MetricNamespace: true, MetricValue: !Ref Stage, Unit: None,
          Dimensions: [{Key: K, Value: $.v}]}, just a text]
"""


def test_a_template_with_everything_in_it(tmp_path: Path) -> None:
    found = read(tmp_path, TEMPLATE)
    assert [(one.where.name, one.reason) for one in found.unread] == [
        ("Fn::ForEach::Filters", "loops of templates are not followed; read the account instead")
    ]
    live, second = found.alarms
    assert (live.name, live.threshold, live.period, live.evaluation_periods) == ("Live", 1.5, None, 2)
    assert (live.datapoints_to_alarm, live.actions_enabled, live.actions) == (None, False, ("${Topic}",))
    assert live.dimensions == (("A", "b"),)
    assert (second.name, second.threshold, second.actions_enabled) == ("${Stage}--x", None, True)
    assert (second.actions, second.description, second.evaluation_periods) == ((), "", 1)
    (filter_,) = found.filters
    assert (filter_.name, filter_.pattern, filter_.series) == ("Filter", "", ("true", "7"))
    assert (filter_.log_group, filter_.value, filter_.unit) == ("12345678901234567890", "${Stage}", None)
    assert filter_.dimensions == (("K", "$.v"),)
    # Whether there is a mail address, only a deployment knows: so a subscription that hangs on it counts.
    assert {one.arn: one.confirmed for one in found.topics} == {"${Topic}": 1, "${Inline}": 1, "${Bare}": 0}


def test_what_makes_itself_twice_comes_to_an_end(tmp_path: Path) -> None:
    """Rule: "always terminates": thirty names, each the next one twice; thirty conditions likewise."""
    name = "G{0}: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: {1}}}}}"
    for many, twice in ((30, '!Sub "${{G{0}}}${{G{0}}}"'), (12, '!Join ["", [!Ref G{0}, !Ref G{0}, !Ref G{0}]]')):
        groups = "\n  ".join(name.format(number, twice.format(number + 1)) for number in range(many))
        body = f"Resources:\n  {groups}\n  T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !Ref G0}}}}\n"
        assert len(read(tmp_path, body).topics) == 1
    conditions = "\n  ".join(f"C{n}: !And [!Condition C{n + 1}, !Condition C{n + 1}]" for n in range(15))
    body = f"Conditions:\n  {conditions}\nResources:\n  T: {{Type: AWS::SNS::Topic, Condition: C0}}\n"
    assert len(read(tmp_path, body).topics) == 1


def test_texts_beyond_all_bounds_are_not_made() -> None:
    long = "x" * 15_000
    assert value_of(f'!Join ["", [{long}, {long}]]') == Open("…")
    assert value_of(f'!Sub ["${{A}}${{A}}${{A}}", {{A: {long}}}]') == Open("…")
    assert value_of(f'!Sub ["${{A}}", {{A: {long}}}]') == long


_NAMES = st.sampled_from(["A", "B", "C", "AWS::NoValue", "AWS::Region", "Yes"])
_NODES = st.recursive(
    st.one_of(
        st.sampled_from(["1", "x", '""', "true", "null", "[]", "{}", "'a,b'", "0"]),
        _NAMES.map("!Ref {}".format),
        _NAMES.map("!Condition {}".format),
        _NAMES.map("!GetAtt {}.Arn".format),
        _NAMES.map('!Sub "x-${{{}}}-${{!y}}"'.format),
    ),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(sorted(TAGS.values())), st.lists(inner, max_size=3).map(", ".join)).map(
            '{{"{0[0]}": [{0[1]}]}}'.format
        ),
        st.tuples(inner, inner).map("[{0[0]}, {0[1]}]".format),
        st.tuples(_NAMES, inner).map('{{"{0[0]}": {0[1]}}}'.format),
        st.tuples(_NAMES, inner, inner).map('{{"Fn::If": ["{0[0]}", {0[1]}, {0[2]}]}}'.format),
    ),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(_NODES, _NODES, _NODES, _NODES)
def test_whatever_a_template_says_it_is_read_or_told(name: str, condition: str, properties: str, actions: str) -> None:
    """Values, or a fault at a place; rule: "never an exception other than the clear errors"."""
    body = f"""
Parameters: {{A: {{Default: {name}}}}}
Conditions: {{Yes: {condition}, A: {condition}}}
Mappings: {{A: {properties}}}
Resources:
  A: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: {name}}}}}
  B: {{Type: AWS::Logs::MetricFilter, Condition: Yes, Properties: {{FilterName: {name}, FilterPattern: {actions},
    MetricTransformations: [{properties}, {{MetricName: {name}, Dimensions: {actions}}}]}}}}
  C: {{Type: AWS::CloudWatch::Alarm, Condition: A, Properties: {{MetricName: {name}, AlarmActions: {actions},
    Threshold: {properties}, Period: {condition}, Dimensions: {properties}, ActionsEnabled: {condition}}}}}
  D: {{Type: AWS::SNS::Topic, Properties: {properties}}}
  E: {{Type: AWS::SNS::Subscription, Properties: {{TopicArn: {actions}}}}}
"""
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cloudformation, "_MOST", 5_000)
            found_in("t.yaml", made(body)[0].found())
    except ProblemsError as error:
        assert all(1 <= problem.line <= body.count("\n") + 1 for problem in error.problems)
    except YamlError as error:
        assert error.problem.line >= 1
