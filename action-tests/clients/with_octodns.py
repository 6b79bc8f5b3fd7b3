"""octodns with its Cloudflare provider, planning and applying a zone twice: how many changes each plan had, as one line
of JSON. Arguments: the API's base URL, the account."""

import json
import sys

from octodns.record import Record
from octodns.zone import Zone
from octodns_cloudflare import CloudflareProvider

base_url, account_id = sys.argv[1:]


def provider():
    return CloudflareProvider("cloudflare", token="cf-token-for-tests", account_id=account_id, api_url=base_url, retry_period=0)


def desired(records):
    zone = Zone("example.com.", [])
    for name, data in records.items():
        zone.add_record(Record.new(zone, name, data))
    return zone


def sync(records):
    target = provider()
    plan = target.plan(desired(records))
    if plan is None:
        return 0
    target.apply(plan)
    return len(plan.changes)


first = {
    "pr-42": {"type": "A", "ttl": 300, "value": "192.0.2.1", "octodns": {"cloudflare": {"proxied": True}}},
    "pr-43": {"type": "CNAME", "ttl": 300, "value": "pr-42.example.com."},
    "note": {"type": "TXT", "ttl": 300, "values": ["one", "two"]},
}
second = {"pr-42": {"type": "A", "ttl": 300, "value": "192.0.2.2"}, "note": first["note"]}
print(json.dumps({"made": sync(first), "again": sync(first), "changed": sync(second), "gone": sync({})}))
