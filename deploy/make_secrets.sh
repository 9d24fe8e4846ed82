#!/bin/sh
# Write the secrets of docker-compose.yml into deploy/secrets: a password for the user `duckline` of
# Redis, and an API key. What is there already stays as it is.
set -eu
cd "$(dirname "$0")"
umask 077
prefix=${KEY_PREFIX:-duckline}
mkdir -p secrets

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# The folder lets nobody in but its owner. The files are readable, because Docker mounts them as they
# are into containers whose user has another number.
put() {
  cat > "secrets/$1.new"
  chmod 444 "secrets/$1.new"
  mv "secrets/$1.new" "secrets/$1"
}

if [ ! -s secrets/redis_password ]; then
  password=$(random)
  # What Duckline needs and no more, so that nothing that reaches this Redis can erase or stop it.
  put redis_users.acl <<ACL
user default off
user duckline on >$password resetchannels ~$prefix:* &$prefix:* +@all -@admin -@dangerous +client|setname +info +config|get
ACL
  printf 'redis://duckline:%s@redis:6379/0\n' "$password" | put redis_url
  printf 'redis://duckline:%s@redis:6379/1\n' "$password" | put result_redis_url
  printf '%s\n' "$password" | put redis_password
fi
[ -s secrets/api_keys ] || printf 'admin=%s\n' "$(random)" | put api_keys

echo "The secrets are in deploy/secrets. The API key is what stands behind admin= in deploy/secrets/api_keys."
