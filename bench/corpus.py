"""A large CloudTrail corpus for measuring: the shapes, sizes and mix of a busy account, without meaning.

Log files of some hundred records, gzip-compressed, as CloudTrail delivers them. The same seed gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

ACCOUNTS = ("111122223333", "123456789012")
REGIONS = ("us-east-1", "eu-west-1", "eu-central-1")
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)

# Share of traffic (in thousandths), event source, event name, request parameters, whether it only reads.
TRAFFIC: tuple[tuple[float, str, str, dict[str, object], bool], ...] = (
    (150, "sts", "AssumeRole", {"roleArn": "arn:aws:iam::{account}:role/{role}", "roleSessionName": "{session}"}, True),
    (120, "kms", "Decrypt", {"encryptionContext": {"SecretARN": "{arn}"}, "encryptionAlgorithm": "SYMMETRIC"}, True),
    (90, "s3", "PutObject", {"bucketName": "{bucket}", "key": "{key}", "Host": "{bucket}.s3.amazonaws.com"}, False),
    (90, "s3", "GetObject", {"bucketName": "{bucket}", "key": "{key}", "Host": "{bucket}.s3.amazonaws.com"}, True),
    (60, "kms", "GenerateDataKey", {"keyId": "{arn}", "keySpec": "AES_256"}, True),
    (50, "ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {"items": [{"name": "{role}"}]}}, True),
    (40, "ssm", "DescribeInstanceInformation", {"maxResults": 50}, True),
    (30, "s3", "GetBucketAcl", {"bucketName": "{bucket}", "acl": "", "Host": "{bucket}.s3.amazonaws.com"}, True),
    (25, "ssm", "GetParameter", {"name": "/app/{role}", "withDecryption": True}, True),
    (20, "ec2", "DescribeSecurityGroups", {"securityGroupSet": {}, "filterSet": {}}, True),
    (20, "ec2", "DescribeVolumes", {"volumeSet": {}, "filterSet": {}}, True),
    (20, "ec2", "DescribeRouteTables", {"routeTableIdSet": {}, "filterSet": {}}, True),
    (20, "sts", "GetCallerIdentity", {}, True),
    (18, "logs", "PutLogEvents", {"logGroupName": "/aws/lambda/{role}", "logStreamName": "{session}"}, False),
    (15, "dynamodb", "GetItem", {"tableName": "{role}", "key": {"id": "{session}"}}, True),
    (15, "lambda", "Invoke", {"functionName": "{arn}", "invocationType": "Event"}, False),
    (12, "iam", "GetRole", {"roleName": "{role}"}, True),
    (12, "s3", "ListObjects", {"bucketName": "{bucket}", "prefix": "{key}"}, True),
    (10, "cloudwatch", "DescribeAlarms", {"maxRecords": 100}, True),
    (10, "rds", "DescribeDBInstances", {}, True),
    (10, "ecr", "BatchGetImage", {"repositoryName": "{role}", "imageIds": [{"imageTag": "latest"}]}, True),
    (8, "secretsmanager", "GetSecretValue", {"secretId": "{arn}"}, True),
    (8, "autoscaling", "DescribeAutoScalingGroups", {}, True),
    (6, "iam", "ListRoles", {}, True),
    (5, "ec2", "CreateTags", {"resourcesSet": {"items": [{"resourceId": "i-{session}"}]}}, False),
    (3, "ec2", "RunInstances", {"instancesSet": {"items": [{"imageId": "ami-{session}"}]}}, False),
    (2, "signin", "ConsoleLogin", {}, False),
    (1, "ec2", "AuthorizeSecurityGroupIngress", {"groupId": "sg-{session}", "ipPermissions": {"items": []}}, False),
    (0.5, "iam", "CreateAccessKey", {"userName": "{user}"}, False),
    (0.5, "iam", "AttachUserPolicy", {"userName": "{user}", "policyArn": "arn:aws:iam::aws:policy/Admin"}, False),
    (0.3, "cloudtrail", "StopLogging", {"name": "{arn}"}, False),
    (0.3, "s3", "PutBucketPolicy", {"bucketName": "{bucket}", "bucketPolicy": {"Statement": []}}, False),
)
VERBS = [
    "Describe",
    "List",
    "Get",
    "BatchGet",
    "Search",
    "Lookup",
    "Update",
    "Create",
    "Delete",
    "Put",
    "Modify",
    "Tag",
]
NOUNS = [
    "Cluster",
    "Domain",
    "Pipeline",
    "Stream",
    "Table",
    "Job",
    "Policy",
    "Queue",
    "Topic",
    "Image",
    "Endpoint",
    "Gateway",
    "Model",
    "Report",
    "Rule",
    "Task",
]
SERVICES = [
    "ecs",
    "es",
    "codepipeline",
    "kinesis",
    "glue",
    "batch",
    "sqs",
    "sns",
    "sagemaker",
    "apigateway",
    "events",
    "config",
    "guardduty",
    "athena",
]
USERS = [
    "alice",
    "bob",
    "carol",
    "dan",
    "erin",
    "frank",
    "grace",
    "heidi",
    "ivan",
    "judy",
    "mallory",
    "niaj",
    "olivia",
    "peggy",
    "rupert",
    "sybil",
    "trent",
]
ROLES = ["web", "worker", "deploy", "backup", "etl", "audit", "monitor", "ci-runner"]
AGENTS = (
    "aws-cli/2.17.{n} md/awscrt#0.20.11 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.11.9",
    "Boto3/1.34.{n} md/Botocore#1.34.84 ua/2.0 os/linux#5.10.213 md/arch#x86_64 lang/python#3.10.14 Botocore/1.34.84",
    "aws-sdk-java/1.12.{n} Linux/5.10.210 OpenJDK_64-Bit_Server_VM/17.0.10 java/17.0.10 vendor/Amazon.com_Inc.",
    "APN/1.0 HashiCorp/1.0 Terraform/1.7.{n} aws-sdk-go-v2/1.26.1 os/linux lang/go#1.22.1 md/GOOS#linux",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.{n}.0 Safari/537.36",
)


class Writer:
    """Makes records, one after the other, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        tail = [
            (
                0.25,
                self.random.choice(SERVICES),
                verb + noun,
                {"{role}": "{session}", "maxResults": 20},
                verb[0] in "DLGBS",
            )
            for verb in VERBS
            for noun in NOUNS
        ]
        self.shapes = [(*shape[1:3], json.dumps(shape[3]), shape[4]) for shape in (*TRAFFIC, *tail)]
        self.weights = list(self._running_sums([shape[0] for shape in (*TRAFFIC, *tail)]))
        self.agents = [agent.format(n=n) for agent in AGENTS for n in range(12)]

    @staticmethod
    def _running_sums(values: list[float]) -> Iterator[float]:
        total = 0.0
        for value in values:
            total += value
            yield total

    def word(self, length: int) -> str:
        """Hexadecimal digits."""
        return f"{self.random.getrandbits(4 * length):0{length}x}"

    def event_id(self) -> str:
        """A new UUID."""
        digits = self.word(32)
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"

    def identity(self, account: str) -> str:
        """A userIdentity: mostly role sessions, some users, some services, hardly ever root."""
        draw = self.random.random()
        if draw < 0.12:
            return '{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}'
        if draw < 0.3:
            name, key = self.random.choice(USERS), self.word(16).upper()
            return (
                f'{{"type":"IAMUser","principalId":"AIDA{key}","arn":"arn:aws:iam::{account}:user/{name}",'
                f'"accountId":"{account}","accessKeyId":"AKIA{key}","userName":"{name}"}}'
            )
        if draw < 0.3002:
            arn = f"arn:aws:iam::{account}:root"
            return f'{{"type":"Root","principalId":"{account}","arn":"{arn}","accountId":"{account}"}}'
        role, session = self.random.choice(ROLES), f"i-{self.random.randrange(400):017x}"
        return (
            f'{{"type":"AssumedRole","principalId":"AROA{role.upper():X<16}:{session}",'
            f'"arn":"arn:aws:sts::{account}:assumed-role/{role}/{session}","accountId":"{account}",'
            f'"accessKeyId":"ASIA{session[-6:].upper():X<16}","sessionContext":{{"sessionIssuer":{{"type":"Role",'
            f'"principalId":"AROA{role.upper():X<16}","arn":"arn:aws:iam::{account}:role/{role}","accountId":"{account}",'
            f'"userName":"{role}"}},"webIdFederationData":{{}},"attributes":{{"creationDate":"2026-03-02T08:00:00Z",'
            f'"mfaAuthenticated":"false"}},"ec2RoleDelivery":"2.0"}}}}'
        )

    def record(self, moment: dt.datetime, account: str, region: str) -> str:
        """One record of about 1.4 kB."""
        identity = self.identity(account)
        source, name, parameters, reads = self.random.choices(self.shapes, cum_weights=self.weights)[0]
        fill = {
            "{account}": account,
            "{role}": self.random.choice(ROLES),
            "{user}": self.random.choice(USERS),
            "{session}": self.word(12),
            "{bucket}": f"data-{self.random.randrange(60)}-{account}",
            "{key}": f"2026/03/{self.word(8)}/part-{self.word(6)}.parquet",
            "{arn}": f"arn:aws:{source}:{region}:{account}:thing/{self.word(12)}",
        }
        for mark, text in fill.items():
            parameters = parameters.replace(mark, text)
        error = '"errorCode":"AccessDenied","errorMessage":"not authorized",' if self.random.random() < 0.008 else ""
        agent = self.random.choice(self.agents if identity.startswith('{"type":"IAMUser"') else self.agents[:48])
        address = f"198.51.100.{self.random.randrange(1, 255)}" if self.random.random() < 0.9 else "ec2.amazonaws.com"
        response = "null" if reads else f'{{"requestId":"{self.event_id()}","status":"{self.word(60)}"}}'
        return (
            f'{{"eventVersion":"1.11","userIdentity":{identity},"eventTime":"{moment:%Y-%m-%dT%H:%M:%SZ}",'
            f'"eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"{region}",'
            f'"sourceIPAddress":"{address}","userAgent":"{agent}",{error}'
            f'"requestParameters":{parameters},"responseElements":{response},'
            f'"additionalEventData":{{"SignatureVersion":"SigV4","bytesTransferredIn":0,"x-amz-id-2":"{self.word(60)}"}},'
            f'"requestID":"{self.event_id()}","eventID":"{self.event_id()}","readOnly":{str(reads).lower()},'
            f'"resources":[{{"accountId":"{account}","type":"AWS::S3::Object","ARN":"{fill["{arn}"]}"}}],'
            f'"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{account}",'
            f'"eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",'
            f'"clientProvidedHostHeader":"{source}.{region}.amazonaws.com"}}}}'
        )


def write_corpus(folder: Path, records: int, seed: int = 7) -> list[Path]:
    """Log files with `records` records in all, over a week, about one in 500 of them delivered twice."""
    writer = Writer(seed)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    left, last = records, ""
    while left > 0:
        count = min(left, writer.random.randrange(200, 1000))
        left -= count
        minute = START + dt.timedelta(minutes=5 * writer.random.randrange(7 * 24 * 12))
        account, region = writer.random.choice(ACCOUNTS), writer.random.choice(REGIONS)
        seconds = sorted(writer.random.randrange(840) for _ in range(count))
        texts = [writer.record(minute - dt.timedelta(seconds=second), account, region) for second in seconds]
        if last and writer.random.random() < 0.5:
            texts[0] = last
        last = texts[-1]
        paths.append(folder / f"{account}_CloudTrail_{region}_{minute:%Y%m%dT%H%MZ}_{writer.word(16)}.json.gz")
        paths[-1].write_bytes(gzip.compress(('{"Records":[' + ",".join(texts) + "]}").encode(), 6, mtime=0))
    return sorted(paths)


def write_adversarial(folder: Path, records: int, seed: int = 7) -> list[Path]:
    """The same, made to defeat the fast path: combinations that never repeat, odd shapes in every other record."""
    writer = Writer(seed)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for start in range(0, records, 500):
        texts = []
        for number in range(start, min(start + 500, records)):
            record = json.loads(writer.record(START, ACCOUNTS[0], REGIONS[0]))
            record["eventName"] += str(number)
            record["userAgent"] += writer.word(24)
            record["sourceIPAddress"] = f"203.0.113.{number % 256}-{number}"
            match number % 8:
                case 1:
                    record["userIdentity"] = None
                case 3:
                    record["userAgent"] = ["a", "list"]
                case 5:
                    record["errorCode"] = 1e5
                    record["userIdentity"]["sessionContext"] = "text"
                case 7:
                    record["eventSource"] = {"an": "object"}
            texts.append(record)
        paths.append(folder / f"adversarial-{start:09}.json.gz")
        paths[-1].write_bytes(gzip.compress(json.dumps({"Records": texts}).encode(), 6, mtime=0))
    return paths
