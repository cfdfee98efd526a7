# PID 1 of one host of the test cluster (cluster.ts), in namespaces of its own: what is machine-wide becomes this
# host's, then sshd runs. bash as PID 1 collects orphans.
folder=$1 name=$2 checkout=$3
hostname "$name"
mount -t tmpfs -o mode=755 none /run && mkdir -p /run/sshd /run/munge
mount -t tmpfs none /dev/shm
# /tmp is this host's own; a checkout that lies there stays.
mount --bind "$checkout" /mnt
mount -t tmpfs none /tmp
if [ ! -d "$checkout" ]; then mkdir -p "$checkout" && mount --bind /mnt "$checkout"; fi
umount /mnt
mount --bind "$folder/hosts" /etc/hosts
mount --bind "$folder/ssh_config" /etc/ssh/ssh_config
# What a login does here must not depend on who runs the tests.
for file in ~/.bashrc ~/.ssh/config ~/.ssh/known_hosts; do if [ -f "$file" ]; then mount --bind /dev/null "$file"; fi; done
cat /proc/sys/kernel/random/uuid > "$folder/$name.boot"
mount --bind "$folder/$name.boot" /proc/sys/kernel/random/boot_id
if [ -d "$folder/slurm" ]; then mount --bind "$folder/slurm" /etc/slurm; fi
setpriv --pdeathsig KILL /usr/sbin/sshd -D -f "$folder/sshd.$name" &
touch "$folder/$name.up"
while :; do wait; sleep 1; done
