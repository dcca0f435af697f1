#!/bin/sh
# Records the logs in this folder. Needs gcc, setarch, unshare and strace; the ones here are from strace 6.1 on Linux 6.18, x86-64.
# Without randomised addresses and statically linked, the programs make the same calls in each format.
set -e
cd "$(dirname "$0")"
work=/tmp/recorded-calls
mkdir "$work"
trap 'rm -rf "$work"' EXIT
for program in formats every-call threads attach; do
    gcc -static -w -O1 -o "$work/$program" $program.c -lpthread
done
here=$PWD
cd "$work"

memory='-e trace=%memory,%process,open,openat,close,memfd_create,dup2,fcntl,close_range,umask'

format() {
    name=$1
    shift
    setarch -R strace $memory "$@" -o "$here/format-$name.strace" ./formats || [ $? = 3 ]
}
format plain
format f -f
format t -t
format tt -tt
format ttt -ttt
format r -r
format fr -f -r
format ns --absolute-timestamps=unix,ns --relative-timestamps=ns --syscall-times=ns
format i -i
format n -n
format all -f -Y -tt -r -n -i -T
format a60 -a 60
format y -y
format yy -yy
format raw -X raw
format verbose -X verbose
format raw-all -e raw=mmap,munmap,mremap,mprotect,madvise,mlockall,munlockall,brk,exit_group
format k -k
format C -C
setarch -R strace $memory ./formats 2> "$here/format-stderr.strace" || [ $? = 3 ]

strace $memory -y -o "$here/every-call.strace" ./every-call < /dev/null || [ $? = 7 ]

strace -f -e trace=%memory,%process ./threads 2> "$here/threads-stderr.strace" || [ $? = 7 ]
strace -f -q -e trace=%memory,%process ./threads 2> "$here/threads-quiet.strace" || [ $? = 7 ]
strace -f -Y -e trace=%memory,%process ./threads 2> "$here/threads-stderr-Y.strace" || [ $? = 7 ]
strace -f -e trace=%memory,%process -o "$here/threads-o.strace" ./threads || [ $? = 7 ]
strace -f --pidns-translation -e trace=%memory,%process -o "$here/threads-pidns.strace" unshare -pf ./threads || [ $? = 7 ]
strace -ff -e trace=%memory,%process -o ff ./threads || [ $? = 7 ]
rm -f "$here"/threads-ff.*.strace
number=0
for file in ff.*; do
    number=$((number + 1))
    mv $file "$here/threads-ff.$number.strace"
done

./attach &
process=$!
sleep 0.3
strace -f -p $process -o "$here/attach-detach-o.strace" 2> "$here/attach-detach-stderr.strace" &
tracer=$!
sleep 0.5
kill -USR1 $process
sleep 0.3
kill -INT $tracer
wait $tracer || true
strace -f -p $process 2> "$here/attach-kill-stderr.strace" &
tracer=$!
sleep 0.3
kill -USR1 $process
sleep 0.3
kill -KILL $process
wait $tracer || true

strace -e trace=%memory -e inject=mremap:error=ENOMEM:when=1 -e inject=madvise:error=4000 -e inject=munmap:retval=0 \
    -e inject=mprotect:delay_exit=10 -o "$here/injected.strace" ./formats || [ $? = 3 ]
