"""What stands in sourceIPAddress."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.cloudtrail.origin import OriginKind, origin_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("198.51.100.7", OriginKind.PUBLIC_ADDRESS),
        ("2001:db8::1", OriginKind.PUBLIC_ADDRESS),
        (" 203.0.113.9 ", OriginKind.PUBLIC_ADDRESS),
        ("::ffff:198.51.100.7", OriginKind.PUBLIC_ADDRESS),
        ("10.1.2.3", OriginKind.PRIVATE_ADDRESS),
        ("172.31.0.1", OriginKind.PRIVATE_ADDRESS),
        ("192.168.1.1", OriginKind.PRIVATE_ADDRESS),
        ("100.64.0.1", OriginKind.PRIVATE_ADDRESS),
        ("127.0.0.1", OriginKind.PRIVATE_ADDRESS),
        ("fd00::1", OriginKind.PRIVATE_ADDRESS),
        ("fe80::1", OriginKind.PRIVATE_ADDRESS),
        ("::1", OriginKind.PRIVATE_ADDRESS),
        ("::ffff:10.0.0.1", OriginKind.PRIVATE_ADDRESS),
        ("AWS Internal", OriginKind.AWS_INTERNAL),
        ("AWS Internal/2", OriginKind.AWS_INTERNAL),
        ("secretsmanager.amazonaws.com", OriginKind.SERVICE),
        ("autoscaling.amazonaws.com.cn", OriginKind.SERVICE),
        ("amazonaws.com.example.com", OriginKind.OTHER),
        ("999.1.1.1", OriginKind.OTHER),
        ("somewhere", OriginKind.OTHER),
        ("", OriginKind.MISSING),
        (None, OriginKind.MISSING),
        (17, OriginKind.MISSING),
    ],
)
def test_kinds(text, kind):
    found = origin_of(text)
    assert found.kind is kind
    assert found.is_address == (kind in {OriginKind.PUBLIC_ADDRESS, OriginKind.PRIVATE_ADDRESS})


@given(st.text() | st.none() | st.integers() | st.lists(st.text()) | st.ip_addresses().map(str))
def test_nothing_raises(value):
    assert origin_of(value).text.encode() is not None
