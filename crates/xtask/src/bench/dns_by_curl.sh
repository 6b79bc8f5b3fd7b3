#!/usr/bin/env bash
# DNS records as the script called the API that preview-dns replaces: one process and one connection per call.
# To create: check the zone, then one POST per hostname (10 calls for nine). To delete: check the zone, then one
# lookup and one DELETE per hostname (19 calls). Its way of finding an id in JSON is kept, too.
set -euo pipefail

call() {
  curl --silent --show-error --fail --noproxy '*' --header "Authorization: Bearer $TOKEN" --header "Content-Type: application/json" "$@"
}

command=$1
shift
call "$API/zones/$ZONE" >/dev/null
for host in "$@"; do
  case $command in
    create)
      call --request POST "$API/zones/$ZONE/dns_records" \
        --data "{\"type\":\"AAAA\",\"name\":\"$host\",\"content\":\"100::\",\"ttl\":1,\"proxied\":true}" >/dev/null
      ;;
    delete)
      id=$(call "$API/zones/$ZONE/dns_records?name=$host" | grep -o '"id":"[^"]*"' | head -1 | cut -d'"' -f4)
      call --request DELETE "$API/zones/$ZONE/dns_records/$id" >/dev/null
      ;;
  esac
done
