#!/bin/sh
# Makes the certificates of the TLS tests anew (OpenSSL 3). The authority's key is thrown away; the
# leaf's key is no secret, for nothing outside of these tests trusts anything signed here.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() {
    openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"
}
cat > "$work/ca.conf" <<CONF
[ca]
default_ca = it
[it]
database = $work/index
serial = $work/serial
new_certs_dir = $work
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
CONF
: > "$work/index"
echo 01 > "$work/serial"

# sign NAME KEY START END EXTENSIONS ISSUER...
sign() {
    name=$1 key=$2 start=$3 end=$4 extensions=$5
    shift 5
    openssl req -new -key "$key" -subj "/CN=$name" -out "$work/csr"
    printf '%b' "$extensions" > "$work/ext"
    openssl ca -batch -notext -config "$work/ca.conf" -extfile "$work/ext" -in "$work/csr" \
        -startdate "$start" -enddate "$end" -out "$name.pem" "$@" 2> /dev/null
}
authority='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n'
server='basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName='
here="${server}DNS:localhost,IP:127.0.0.1\n"

key "$work/ca.key"
key "$work/other.key"
key leaf.key.pem
sign ca "$work/ca.key" 20250101000000Z 21250101000000Z "$authority" \
    -selfsign -keyfile "$work/ca.key"
cp ca.pem "$work/ca.pem"
by_ca="-cert $work/ca.pem -keyfile $work/ca.key"
# shellcheck disable=SC2086 # two words each on purpose
{
    sign valid leaf.key.pem 20250101000000Z 21250101000000Z "$here" $by_ca
    sign expired leaf.key.pem 20200101000000Z 20210101000000Z "$here" $by_ca
    sign wrong-host leaf.key.pem 20250101000000Z 21250101000000Z "${server}DNS:elsewhere.example\n" \
        $by_ca
}
sign stranger leaf.key.pem 20250101000000Z 21250101000000Z "$here" \
    -selfsign -keyfile leaf.key.pem
