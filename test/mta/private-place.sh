# The first process of a private place (private-place.ts): mounts what nobody else sees, says under which number the
# machine knows it, and waits, which also reaps orphans. usage: sh private-place.sh VAR_TMP_SIZE [NAME SOURCE]...
set -eu
# /proc still is the machine's own, the place has numbers of its own.
read -r number _ </proc/self/stat
mount -t proc proc /proc
size=$1
shift
# /srv, where all that belongs to the mail system is, comes about elsewhere: a SOURCE may be in /srv itself.
mount -t tmpfs -o mode=755 tmpfs /run/lock
while [ $# -gt 0 ]; do
  inside=/run/lock$1
  mkdir -p "${inside%/*}"
  if [ -d "$2" ]; then mkdir -p "$inside"; else touch "$inside"; fi
  mount --bind "$2" "$inside"
  shift 2
done
mount --move /run/lock /srv
# Where the command under test writes, and where Exim has its configuration.
mount -t tmpfs -o mode=1777 tmpfs /run/lock
mount -t tmpfs -o "mode=1777,size=$size" tmpfs /var/tmp
mount -t tmpfs -o mode=755 tmpfs /var/lib
cd /
sleep infinity &
echo "$number"
wait
