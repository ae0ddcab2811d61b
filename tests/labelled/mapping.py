"""Which built-in detections answer which rule of other rule sets, or why none does; and why single verdicts differ.

The rules and records themselves stay outside the project. Kept by hand: a test finds rules that are missing here and
reasons that have become untrue.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Without(enum.Enum):
    """Why a foreign rule has no counterpart among the built-in detections."""

    COMPARES = "compares two fields of a record, which a filter pattern cannot"
    LIST = "needs a list that only the account's owner can write: of images, regions, accounts or roles"
    ADDRESSES = "needs knowledge of addresses that is not in the record"
    EVERYDAY = "tells what happens every day and is no sign of harm by itself"
    STEP = "a building block of the other rule set, which tells nobody by itself"
    SHAPE = "its records are in a form of the other product's own, without CloudTrail's fields"
    NO_RULE = "a test of the other product's reader, without a rule"


@dataclass(frozen=True, slots=True)
class Ours:
    """The detections that answer a rule: one of them is enough. Or none, and why."""

    ids: tuple[str, ...] = ()
    without: Without | None = None


def _ours(ids: str) -> Ours:
    return Ours(tuple(ids.split()))


def _none(*rules: str, why: Without) -> dict[str, Ours]:
    return {rule: Ours(without=why) for rule in rules}


_ROOT = _ours("root-login root-use")
_MAIL = _ours("mail-sending-explored")
_SAFEGUARD = _ours("bucket-safeguard-removed")
_DENIED = _ours("access-denied-burst cis-unauthorized-api-calls-corrected")

RULES: dict[str, Ours] = {
    "AWS.Lambda.UpdateFunctionConfiguration": _ours("function-layer-added"),
    "AWS.CloudTrail.AMIModifiedForPublicAccess": _ours("snapshot-made-public snapshot-shared"),
    "AWS.Bedrock.DeleteModelInvocationLoggingConfiguration": _ours("bedrock-guard-removed"),
    "AWS.Bedrock.GuardrailUpdateDelete": _ours("bedrock-guard-removed bedrock-guardrail-changed"),
    "AWS.CloudTrail.AttemptToLeaveOrg": _ours("organization-leave-refused organization-left"),
    "AWS.CloudTrail.Created": _ours("cis-cloudtrail-changes cis-cloudtrail-changes-corrected"),
    "AWS.CloudTrail.LoginProfileCreatedOrModified": _ours("login-profile-created login-profile-reset"),
    "AWS.CloudTrail.SES.CheckIdentityVerifications": _MAIL,
    "AWS.CloudTrail.SES.CheckSendQuota": _MAIL,
    "AWS.CloudTrail.SES.CheckSESSendingEnabled": _MAIL,
    "AWS.CloudTrail.SES.ListIdentities": _MAIL,
    "AWS.CloudTrail.ShortLifecycle": _ours("bucket-expiry-short log-bucket-tampered"),
    "AWS.Console.GetSigninToken.Abuse": _ours("console-session-from-credentials"),
    "AWS.Console.LoginWithoutMFA": _ours("console-login-without-mfa root-login-without-mfa"),
    "AWS.EC2.RouteTableModified": _ours("cis-route-table-changes cis-route-table-changes-corrected"),
    "AWS.EC2.SecurityGroupModified": _ours("security-group-changed security-group-created security-group-deleted"),
    "AWS.EC2.Startup.Script.Change": _ours("instance-user-data-changed"),
    "AWS.EC2.Traffic.Mirroring": _ours("traffic-mirrored"),
    "AWS.EC2.VPCModified": _ours("cis-vpc-changes cis-vpc-changes-corrected"),
    "AWS.CloudTrail.IAMAnythingChanged": _ours("cis-iam-policy-changes cis-iam-policy-changes-corrected"),
    "AWS.IAM.AttachAdminUserPolicy": _ours("admin-policy-attached"),
    "AWS.IAM.BackdoorRole": _ours("role-trusts-anyone"),
    "AWS.CloudTrail.IAMCompromisedKeyQuarantine": _ours("key-quarantined"),
    "AWS.IAM.AccessKeyCompromised": _ours("key-quarantined"),
    "AWS.IAM.CreateRole": _ours("cis-iam-policy-changes-corrected"),
    "AWS.IAM.PolicyModified": _ours("cis-iam-policy-changes"),
    "AWS.IAM.Backdoor.User.Keys": _ours("access-key-created"),
    "AWS.IAMUser.ReconAccessDenied": _DENIED,
    "AWS.CloudTrail.IMDSCredentialExfiltration": _ours("instance-credentials-on-laptop"),
    "AWS.KMS.CustomerManagedKeyLoss": _ours("key-disabled key-deletion-scheduled"),
    "AWS.Macie.Evasion": _ours("detection-service-disabled findings-suppressed"),
    "AWS.Modify.Cloud.Compute.Infrastructure": _ours("instances-terminated-in-bulk instance-launch-burst"),
    "AWS.Lambda.UpdateFunctionCode": _ours("function-code-changed-by-person"),
    "AWS.RDS.ActivityStreamStopped": _ours("database-activity-stream-stopped"),
    "AWS.RDS.AutomatedBackupDeleted": _ours("database-backups-deleted"),
    "AWS.RDS.InstanceDeletion": _ours("database-deleted database-deleted-with-snapshot"),
    "AWS.RDS.PublicRestore": _ours("database-made-public"),
    "AWS.RDS.SnapshotDeleted": _ours("backups-deleted"),
    "AWS.RDS.SnapshotExport": _ours("database-exported"),
    "AWS.RDS.SnapshotShared": _ours("snapshot-shared snapshot-made-public"),
    "AWS.CloudTrail.RootPasswordChanged": _ours("root-password-changed"),
    "AWS.S3.BucketDeleted": _ours("bucket-deleted"),
    "AWS.S3.BucketPolicyModified": _ours("cis-s3-bucket-policy-changes"),
    "AWS.S3.CopyObjectWithClientSideEncryption": _ours("objects-encrypted-with-foreign-key"),
    "AWS.S3.DeleteBucketEncryption": _SAFEGUARD,
    "AWS.S3.DeleteBucketReplication": _SAFEGUARD,
    "AWS.S3.DisableBucketLogging": _SAFEGUARD,
    "AWS.S3.SecurityControlDisabling": _SAFEGUARD,
    "AWS.SecretsManager.BatchRetrieveSecretsCatchAll": _ours("secret-read-batch-by-filter"),
    "AWS.SecretsManager.RetrieveSecretsMultiRegion": _ours("secret-read-batch"),
    "AWS.SecurityHub.Finding.Evasion": _ours("findings-suppressed"),
    "AWS.SSM.DecryptSSMParams": _ours("parameters-decrypted-in-bulk"),
    "AWS.SSM.DistributedCommand": _ours("command-on-many-machines"),
    "AWS.STS.GetCallerIdentity.TruffleHog": _ours("attack-tool-used"),
    "AWS.STS.GetSessionToken.Misuse": _ours("session-token-without-mfa"),
    "AWS.CloudTrail.UnauthorizedAPICall": _DENIED,
    "AWS.User.Login.Profile.Modified": _ours("login-profile-reset"),
    "AWS.VPCFlow.LogsDeleted": _ours("flow-logs-deleted"),
    "AWS.CloudTrail.VPCE.AccessDenied": _ours("vpc-endpoint-access-denied"),
    "AWS.WAF.Disassociation": _ours("waf-removed"),
    "Standard.NewAWSAccountCreated": _ours("organization-account-added"),
    "Standard.NewUserAccountCreated": _ours("iam-user-created"),
    "Standard.BruteForceByUser": _ours("console-login-failures-by-user console-login-failures-by-source"),
    "cloudtrail_critical_api_calls": _ours(
        "cis-vpc-changes cis-vpc-changes-corrected cis-cloudtrail-changes database-deleted "
        "database-deleted-with-snapshot config-recording-stopped flow-logs-deleted guardduty-disabled "
        "account-public-access-unblocked bucket-public-access-unblocked"
    ),
    "cloudtrail_ec2_image_creation": _ours("snapshot-made-public"),
    "cloudtrail_mfa_policy_abuse_attempt": _ours("mfa-deactivated"),
    "cloudtrail_network_acl_ingress_anywhere": _ours("network-acl-opened-to-world"),
    "cloudtrail_put_object_acl_public": _ours("public-acl-set"),
    "cloudtrail_root_account_usage": _ROOT,
    "cloudtrail_security_group_ingress_anywhere": _ours(
        "security-group-opened-to-world security-group-opened-to-world-unanswered"
    ),
    "console_login_without_MFA_and_SSO": _ours("console-login-without-mfa"),
    "cloudtrail_stop_logging": _ours("trail-stopped"),
    "non_read_action_by_root": _ROOT,
    "unauthorized_operation": _ours("cis-unauthorized-api-calls"),
    "access_denied": _ours("cis-unauthorized-api-calls"),
    "UpdateFunctionCode": _ours("function-code-changed-by-person"),
    **_none(
        "AWS.S3.CopyObject.CrossAccount.Encryption.KMS",
        "AWS.S3.CopyObjectToExternalAccountBucket",
        "AWS.CloudTrail.VPCE.ExternalPrincipal",
        why=Without.COMPARES,
    ),
    **_none(
        "AWS.Console.LoginWithoutSAML",
        "AWS.EC2.Vulnerable.XZ.Image.Launched",
        "AWS.ECR.CRUD",
        "AWS.CloudTrail.IAMAssumeRoleBlacklistIgnored",
        why=Without.LIST,
    ),
    **_none("Standard.GreyNoiseV3.MaliciousIP", why=Without.ADDRESSES),
    **_none(
        "AWS.EC2.StopInstances",
        "AWS.RDS.LogFileDownloaded",
        "AWS.RDS.SnapshotEnumeration",
        "AWS.Software.Discovery",
        "AWS.CloudTrail.VPCE.SensitiveAPICalls",
        why=Without.EVERYDAY,
    ),
    **_none("AWS.CloudTrail.UserAccessKeyAuth", "AWS.Console.Sign-In", why=Without.STEP),
    **_none("AWS.CloudTrail.Password.Policy.Discovery", "AWS.IPSet.Modified", why=Without.SHAPE),
    **_none("cloudtrail_events", "cloudwatch_cloudtrail", why=Without.NO_RULE),
}

_REFUSED = "the CIS form counts refused calls too; it is kept to the letter, because Security Hub asks for it"
_OWN = "whether the user is the actor's own needs a comparison of two fields, which a filter pattern cannot make"
_MASKED = "the record's `eventSource` was masked; with `s3.amazonaws.com` or `ec2.amazonaws.com` there, ours tells it"
_LAYERS = (
    "the record names the layers in its answer only, which also lists those that the function had before; "
    "ours reads the request"
)
_ADDRESS = "whether an address is one of the account's own is not in the record; ours knows desktop systems only"
_LESS_OFTEN = "Macie reports less often, and hides nothing"
_MIRROR = "a target or filter carries no traffic; ours waits for the session that does"
_EXCUSED = "the other rule leaves out AWS's own addresses and the console; ours waits for several denials instead"

DIFFERS: dict[tuple[str, int], str] = {
    ("AWS.Lambda.UpdateFunctionConfiguration", 1): _LAYERS,
    ("AWS.Lambda.UpdateFunctionConfiguration", 3): _LAYERS,
    ("AWS.Lambda.UpdateFunctionConfiguration", 4): _LAYERS,
    ("AWS.CloudTrail.AMIModifiedForPublicAccess", 4): (
        "the other rule was given a list of accounts that may be shared with; ours takes exceptions instead"
    ),
    ("AWS.CloudTrail.Created", 3): _REFUSED,
    ("AWS.CloudTrail.LoginProfileCreatedOrModified", 1): _OWN,
    ("AWS.Console.LoginWithoutMFA", 8): (
        "the other rule remembers when a user was made and waits for a while; ours remembers nothing"
    ),
    ("AWS.EC2.RouteTableModified", 3): _REFUSED,
    ("AWS.EC2.Traffic.Mirroring", 1): _MIRROR,
    ("AWS.EC2.Traffic.Mirroring", 2): _MIRROR,
    ("AWS.EC2.Traffic.Mirroring", 3): "the call failed, and mirrors nothing",
    ("AWS.EC2.Traffic.Mirroring", 4): _MIRROR,
    ("AWS.EC2.Traffic.Mirroring", 5): _MIRROR,
    ("AWS.EC2.VPCModified", 3): _REFUSED,
    ("AWS.CloudTrail.IAMAnythingChanged", 3): _REFUSED,
    ("AWS.IAM.PolicyModified", 3): _REFUSED,
    ("AWS.IAM.Backdoor.User.Keys", 1): _OWN,
    ("AWS.IAMUser.ReconAccessDenied", 2): _EXCUSED,
    ("AWS.IAMUser.ReconAccessDenied", 4): _EXCUSED,
    ("AWS.CloudTrail.IMDSCredentialExfiltration", 1): _ADDRESS,
    ("AWS.CloudTrail.IMDSCredentialExfiltration", 10): _ADDRESS,
    ("AWS.Macie.Evasion", 2): _LESS_OFTEN,
    ("AWS.Macie.Evasion", 3): _LESS_OFTEN,
    ("AWS.S3.BucketDeleted", 1): (
        "the other product writes an empty `errorCode`; CloudTrail leaves the field out when a call succeeds"
    ),
    ("AWS.S3.BucketPolicyModified", 2): _REFUSED,
    ("AWS.S3.SecurityControlDisabling", 3): ("S3 takes `Enabled` and `Suspended`, and refuses `Disabled`"),
    ("AWS.SecretsManager.BatchRetrieveSecretsCatchAll", 2): ("ours tells every fetch by filter, whatever it selects"),
    ("AWS.SecurityHub.Finding.Evasion", 2): "an insight is a saved question; the findings stay",
    ("AWS.SSM.DistributedCommand", 2): (
        "the other rule remembers the machines of earlier commands; ours judges one command, and "
        "`machines-entered-in-series` counts sessions"
    ),
    ("AWS.STS.GetCallerIdentity.TruffleHog", 4): ("ours tells every call of the tool"),
    ("AWS.CloudTrail.UnauthorizedAPICall", 2): _EXCUSED,
    ("AWS.User.Login.Profile.Modified", 1): _OWN,
    ("AWS.User.Login.Profile.Modified", 3): (
        "that the user has to choose a new password afterwards does not keep an intruder from signing in first"
    ),
    ("Standard.NewAWSAccountCreated", 1): (
        "`CreateAccountResult` is the service's report, without an actor; ours tells the request, `CreateAccount`"
    ),
    ("Standard.NewUserAccountCreated", 1): (
        "the record has no `eventSource`; with `iam.amazonaws.com` there, ours tells it"
    ),
    ("cloudtrail_mfa_policy_abuse_attempt", 2): (
        "ours tells every device taken off, since a stolen session may have passed MFA"
    ),
    ("UpdateFunctionCode", 1): ("a program changed the code with its role's rights; ours tells changes by a person"),
    ("cloudtrail_ec2_image_creation", 1): (
        "an unencrypted disk is a matter of configuration; `disk-encryption-default-off` tells when the account stops "
        "encrypting by default"
    ),
    ("cloudtrail_mfa_policy_abuse_attempt", 3): (
        "the call failed, and such a device does not help an intruder before it is enabled"
    ),
    ("cloudtrail_network_acl_ingress_anywhere", 1): _MASKED,
    ("cloudtrail_put_object_acl_public", 2): _MASKED,
    ("cloudtrail_put_object_acl_public", 3): _MASKED,
}
"""(rule, number of its record, from 1) -> why the verdicts differ."""
