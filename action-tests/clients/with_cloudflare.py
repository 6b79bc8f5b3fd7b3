"""Cloudflare's own SDK for Python: what each call told, as one line of JSON. Arguments: the API's base URL, the account."""

import json
import sys

import cloudflare as sdk

base_url, account_id = sys.argv[1:]
client = sdk.Cloudflare(api_token="cf-token-for-tests", base_url=base_url, max_retries=0)


def refusal(call):
    try:
        call()
    except sdk.APIStatusError as error:
        return error.status_code
    return 0


token = client.user.tokens.verify().status
zone = next(iter(client.zones.list(name="example.com")))
zone_id = zone.id
client.zones.get(zone_id=zone_id)
record = client.dns.records.create(zone_id=zone_id, type="AAAA", name="pr-42.example.com", content="100::", proxied=True, ttl=1)
client.dns.records.edit(record.id, zone_id=zone_id, type="AAAA", name="pr-42.example.com", content="100::", comment="pr 42", ttl=1)
client.dns.records.update(record.id, zone_id=zone_id, type="AAAA", name="pr-43.example.com", content="100::", proxied=True, ttl=1)
names = [it.name for it in client.dns.records.list(zone_id=zone_id)]
client.dns.records.get(record.id, zone_id=zone_id)
client.dns.records.delete(record.id, zone_id=zone_id)

scripts = [it.id for it in client.workers.scripts.list(account_id=account_id)]
at = {"account_id": account_id, "script_name": "api"}
versions = list(client.workers.scripts.versions.list(**at))
# Raw, since the SDK's own models of these two answers do not fit them (one does not even build).
version = client.workers.scripts.versions.with_raw_response.get(versions[0].id, **at).http_response.json()["result"]["id"]
live = client.workers.scripts.deployments.with_raw_response.list(**at).http_response.json()["result"]["deployments"]
client.workers.scripts.deployments.create(
    **at, strategy="percentage", versions=[{"percentage": 100, "version_id": versions[0].id}]
)
client.workers.scripts.secrets.update(**at, name="KEY", text="value", type="secret_text")
secrets = [it.name for it in client.workers.scripts.secrets.list(**at)]
client.workers.scripts.secrets.delete("KEY", **at)
client.workers.scripts.subdomain.create(**at, enabled=True)
enabled = client.workers.scripts.subdomain.get(**at).enabled
crons = client.workers.scripts.schedules.update(**at, body=[{"cron": "*/5 * * * *"}]).schedules
client.workers.scripts.schedules.get(**at)
settings = client.workers.scripts.settings.get(**at)
subdomain = client.workers.subdomains.get(account_id=account_id).subdomain

domain = client.workers.domains.update(account_id=account_id, hostname="api.example.com", service="api", zone_id=zone_id)
domains = [it.hostname for it in client.workers.domains.list(account_id=account_id)]
packs = list(client.ssl.certificate_packs.list(zone_id=zone_id))
hosts = packs[0].hosts
client.ssl.certificate_packs.delete(packs[0].id, zone_id=zone_id)
client.workers.domains.get(domain.id, account_id=account_id)
client.workers.domains.delete(domain.id, account_id=account_id)
route = client.workers.routes.create(zone_id=zone_id, pattern="www.example.com/*", script="api")
client.workers.routes.get(route.id, zone_id=zone_id)
client.workers.routes.update(route.id, zone_id=zone_id, pattern="www.example.com/api/*", script="api")
routes = [it.pattern for it in client.workers.routes.list(zone_id=zone_id)]
client.workers.routes.delete(route.id, zone_id=zone_id)

namespace = client.kv.namespaces.create(account_id=account_id, title="cache")
client.kv.namespaces.update(namespace.id, account_id=account_id, title="cache-2")
client.kv.namespaces.get(namespace.id, account_id=account_id)
titles = [it.title for it in client.kv.namespaces.list(account_id=account_id)]
client.kv.namespaces.delete(namespace.id, account_id=account_id)
database = client.d1.database.create(account_id=account_id, name="shop")
databases = [it.name for it in client.d1.database.list(account_id=account_id)]
client.d1.database.delete(database.uuid, account_id=account_id)
rules = client.page_rules.list(zone_id=zone_id)
client.workers.scripts.delete("api", account_id=account_id, force=True)

print(
    json.dumps(
        {
            "token": token, "zone": zone.name, "names": names, "scripts": scripts, "versions": len(versions),
            "version": version == versions[0].id, "live": len(live), "secrets": secrets, "enabled": enabled, "crons": [it.cron for it in crons],
            "settings": settings is not None, "subdomain": subdomain, "domains": domains, "routes": routes,
            "titles": titles, "databases": databases, "rules": rules, "hosts": hosts,
            "beyond": {
                "members": refusal(lambda: client.accounts.members.list(account_id=account_id)),
                "rulesets": refusal(lambda: client.rulesets.list(zone_id=zone_id)),
                "keys": refusal(lambda: client.kv.namespaces.keys.list("0" * 32, account_id=account_id)),
            },
        }
    )
)
