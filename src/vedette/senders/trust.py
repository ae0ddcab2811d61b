"""Which certificates are accepted: those of the system's authorities, or of a file."""

from __future__ import annotations

import ssl

from vedette.errors import VedetteError, printable, reason_of


def trusting(ca: str | None) -> ssl.SSLContext:
    """A context that verifies certificates and names; raises VedetteError if the file of authorities cannot be used.

    Without `ca`, SSL_CERT_FILE and SSL_CERT_DIR go before the system's authorities.
    """
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        reason = "no certificate is in it" if isinstance(error, ssl.SSLError) else reason_of(error)
    raise VedetteError(f"cannot use the authorities in `{printable(ca or '')}`: {reason}")


def certificate_words(host: str, error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate, and what to do about it."""
    return (
        f"the certificate of {host} is not accepted: {printable(error.verify_message)}\n"
        "hint: if its authority is your own, name the authority's file in SSL_CERT_FILE; is the clock right?"
    )
