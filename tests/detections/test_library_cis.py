"""The fifteen monitoring controls of CIS AWS Foundations: the built-in forms are exactly those that are asked for.

Security Hub fails its controls CloudWatch.1 to CloudWatch.14 "if the exact metric filters prescribed by CIS are not
used". The expected patterns are put together here from lists of names, apart from the library.
"""

from __future__ import annotations

import pytest

from vedette.alarms.spec import ComparisonOperator
from vedette.detections.loader import load_builtin
from vedette.patterns import FilterPattern

LIBRARY = {detection.id: detection for detection in load_builtin()}


def equals(field: str, *values: str) -> str:
    """`($.field = "a") || ($.field = "b")`, as the benchmark writes it."""
    return " || ".join(f'($.{field} = "{value}")' for value in values)


def calls(names: str, source: str = "") -> str:
    listed = equals("eventName", *names.split())
    return f'{{ ($.eventSource = "{source}.amazonaws.com") && ({listed}) }}' if source else f"{{ {listed} }}"


def both(verbs: str, things: str) -> str:
    return " ".join(verb + thing for verb in verbs.split() for thing in things.split())


EXACT = {
    "cis-unauthorized-api-calls": "{ " + equals("errorCode", "*UnauthorizedOperation", "AccessDenied*") + " }",
    "cis-console-sign-in-without-mfa": '{ ($.eventName = "ConsoleLogin") && '
    '($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && '
    '($.responseElements.ConsoleLogin = "Success") }',
    "cis-root-usage": '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && '
    '$.eventType !="AwsServiceEvent"}',
    "cis-iam-policy-changes": calls(
        both("Delete Put", "GroupPolicy RolePolicy UserPolicy")
        + " CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion "
        + "AttachRolePolicy DetachRolePolicy AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy",
        "iam",
    ),
    "cis-cloudtrail-changes": calls("CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"),
    "cis-console-authentication-failures": "{ ($.eventName = ConsoleLogin) && "
    '($.errorMessage = "Failed authentication") }',
    "cis-kms-key-disabled-or-deletion": calls("DisableKey ScheduleKeyDeletion", "kms"),
    "cis-s3-bucket-policy-changes": calls(
        both("PutBucket", "Acl Policy Cors Lifecycle Replication")
        + " "
        + both("DeleteBucket", "Policy Cors Lifecycle Replication"),
        "s3",
    ),
    "cis-config-changes": calls(
        "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder", "config"
    ),
    "cis-security-group-changes": calls(
        both("Authorize Revoke", "SecurityGroupIngress SecurityGroupEgress")
        + " CreateSecurityGroup DeleteSecurityGroup"
    ),
    "cis-nacl-changes": calls(
        both("Create Delete", "NetworkAcl NetworkAclEntry") + " ReplaceNetworkAclEntry ReplaceNetworkAclAssociation"
    ),
    "cis-network-gateway-changes": calls(
        "CreateCustomerGateway DeleteCustomerGateway " + both("Attach Create Delete Detach", "InternetGateway")
    ),
    "cis-route-table-changes": calls(
        "CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation "
        "DeleteRouteTable DeleteRoute DisassociateRouteTable",
        "ec2",
    ),
    "cis-vpc-changes": calls(
        "CreateVpc DeleteVpc ModifyVpcAttribute "
        + both("Accept Create Delete Reject", "VpcPeeringConnection")
        + " AttachClassicLinkVpc DetachClassicLinkVpc DisableVpcClassicLink EnableVpcClassicLink"
    ),
    "cis-organizations-changes": calls(
        "AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake "
        "DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnablePolicyType "
        "InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy "
        "UpdateOrganizationalUnit",
        "organizations",
    ),
}
"""Security Hub's form where there is one (it has none for Organizations): built-in id -> pattern.

Its user guide (controls CloudWatch.4 and CloudWatch.13) names an event source that the benchmarks leave out.
"""


def test_there_are_fifteen_and_no_other_exact_form() -> None:
    exact = {d.id for d in LIBRARY.values() if d.category == "cis" and not d.id.endswith("-corrected")}
    assert exact == EXACT.keys()
    assert len(exact) == 15


@pytest.mark.parametrize("name", EXACT)
def test_the_exact_form(name: str) -> None:
    pattern = LIBRARY[name].pattern
    assert pattern is not None
    assert sorted(clauses(str(pattern))) == sorted(clauses(str(FilterPattern.parse(EXACT[name]))))
    assert str(pattern) == str(FilterPattern.parse(EXACT[name]))


def clauses(text: str) -> list[str]:
    """For a message that names the clause that differs."""
    return text.strip("{} ").replace(" && ", " || ").replace("(", "").replace(")", "").split(" || ")


@pytest.mark.parametrize("name", EXACT)
def test_the_alarm_of_the_benchmark(name: str) -> None:
    """Remediation of every control: Sum, 300 seconds, at least 1, one period."""
    alarm = LIBRARY[name].alarm
    assert alarm is not None
    assert (alarm.statistic, alarm.period, alarm.threshold, alarm.evaluation_periods) == ("Sum", 300, 1, 1)
    assert alarm.comparison_operator is ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD


def test_every_exact_form_names_its_controls() -> None:
    for name in EXACT:
        compliance = " ".join(LIBRARY[name].compliance)
        assert "CIS AWS Foundations v5.0.0: 4." in compliance, name
        if name != "cis-organizations-changes":
            assert "Security Hub: CloudWatch." in compliance, name


def test_a_corrected_sibling_belongs_to_an_exact_form() -> None:
    corrected = {d.id.removesuffix("-corrected") for d in LIBRARY.values() if d.id.endswith("-corrected")}
    assert corrected <= EXACT.keys()
    assert EXACT.keys() - corrected == {"cis-nacl-changes", "cis-root-usage"}, "those two need no correction"
