"""AWS, as the adapters see it: sessions that make clients, and one kind of error that says what to allow.

This room alone imports boto3, and only when a client is made. It knows no source, sender or secret.
"""

from vedette.aws.errors import AwsError, Failure
from vedette.aws.session import Access, AwsClient, AwsSession, session

__all__ = ["Access", "AwsClient", "AwsError", "AwsSession", "Failure", "session"]
