# The host: the program of the child process in which KernelExecutor runs system calls.
#
# It lives in two mappings of one shared memory file, its code and its slots, and uses no stack, so that all
# other addresses belong to the sequence under test. A forked process goes on in another slot, for which it
# needs no call that a limit could refuse. A slot begins with the control page, laid out by HostControl.
# The machine code of this file is HostCode.Bytes; a test assembles the file and compares.
#
#   as --64 -o host.o host.s && objcopy -O binary -j .text host.o host.bin
#
# r15 = address of the process's slot, r12d = number of the last request that was answered.

    .intel_syntax noprefix
    .set TASK_SIZE,   0x7ffffffff000
    .set CODE,        0x7fffff000000
    .set SLOTS,       CODE + 0x1000
    .set SLOTS_BYTES, 0x400000
    .set FILE,        200               # the descriptor of the shared memory file

    .set REQUEST,     0x00
    .set RESPONSE,    0x04
    .set WAITING,     0x08
    .set KIND,        0x0c
    .set NUMBER,      0x10
    .set ARGUMENTS,   0x18
    .set RESULT,      0x48
    .set STARTED,     0x50
    .set ENDED,       0x60
    .set SIGNAL,      0x70
    .set SIGNALCODE,  0x74
    .set FAULTADDR,   0x78
    .set RUNNER,      0x80
    .set TIMEOUT,     0x88
    .set SPINS,       0x98
    .set ALTSTACK,    0xa0
    .set SIGACTION,   0xb8
    .set SLEEPING,    0xd8
    .set HEADERS,     0xb0              # the bytes before this code in the file

    .set SYS_mmap, 9
    .set SYS_close, 3
    .set SYS_munmap, 11
    .set SYS_rt_sigaction, 13
    .set SYS_rt_sigreturn, 15
    .set SYS_fork, 57
    .set SYS_kill, 62
    .set SYS_sigaltstack, 131
    .set SYS_futex, 202
    .set SYS_clock_gettime, 228
    .set SYS_exit_group, 231
    .set ESRCH, 3
    .set UCONTEXT_RIP, 168

    .text
start:                                  # runs where the executable was loaded
    movabs r15, SLOTS                   # the first process has the first slot
    lea rdi, [r15 - 0x1000]             # the code: readable, executable
    mov esi, 0x1000
    mov edx, 5
    mov r10d, 0x11                      # MAP_SHARED | MAP_FIXED
    mov r8d, FILE
    xor r9d, r9d
    mov eax, SYS_mmap
    syscall
    mov r9d, 0x1000                     # the slots follow the code in the file
    mov rdi, r15
    mov esi, SLOTS_BYTES
    mov edx, 3
    mov eax, SYS_mmap
    syscall
    lea rax, [r15 - 0x1000 + HEADERS + moved - start]
    jmp rax

moved:                                  # runs in the shared file: clear everything else away
    xor edi, edi
    lea rsi, [r15 - 0x1000]
    mov eax, SYS_munmap
    syscall
    lea rdi, [r15 + SLOTS_BYTES]
    movabs rsi, TASK_SIZE
    sub rsi, rdi
    mov eax, SYS_munmap
    syscall
    mov edi, FILE
    mov eax, SYS_close
    syscall

settle:                                 # take the slot in r15
    lea rdi, [r15 + ALTSTACK]
    xor esi, esi
    mov eax, SYS_sigaltstack
    syscall
    lea rax, [rip + on_signal]
    mov [r15 + SIGACTION], rax
    lea rax, [rip + restore]
    mov [r15 + SIGACTION + 16], rax
    mov edi, 11                         # SIGSEGV
    lea rsi, [r15 + SIGACTION]
    xor edx, edx
    mov r10d, 8
    mov eax, SYS_rt_sigaction
    syscall
    mov edi, 7                          # SIGBUS
    mov eax, SYS_rt_sigaction
    syscall
    xor r12d, r12d

wait:
    mov rcx, [r15 + SPINS]
spin:
    cmp [r15 + REQUEST], r12d
    jne take
    pause
    dec rcx
    jg spin
    mov eax, 1
    xchg [r15 + SLEEPING], eax          # a full barrier: the kernel reads REQUEST again
    lea rdi, [r15 + REQUEST]
    xor esi, esi                        # FUTEX_WAIT
    mov edx, r12d
    lea r10, [r15 + TIMEOUT]
    mov eax, SYS_futex
    syscall
    mov dword ptr [r15 + SLEEPING], 0
    cmp [r15 + REQUEST], r12d
    jne take
    mov edi, [r15 + RUNNER]             # idle: is the runner still there?
    xor esi, esi
    mov eax, SYS_kill
    syscall
    cmp eax, -ESRCH
    jne wait
    jmp leave

take:
    mov r12d, [r15 + REQUEST]
    mov dword ptr [r15 + SIGNAL], 0
    mov eax, [r15 + KIND]
    cmp eax, 1
    jb call
    je fill
    cmp eax, 3
    jb copy

fork:
    mov rbx, [r15 + ARGUMENTS]          # read before the fork: the slot is the parent's afterwards
    mov eax, SYS_fork
    syscall
    test rax, rax
    jz forked
    mov [r15 + RESULT], rax
    jmp reply
forked:
    mov r15, rbx
    jmp settle

leave:
    mov edi, 1
    mov eax, SYS_exit_group
    syscall

call:
    mov edi, 1                          # CLOCK_MONOTONIC
    lea rsi, [r15 + STARTED]
    mov eax, SYS_clock_gettime
    syscall
    mov rax, [r15 + NUMBER]
    mov rdi, [r15 + ARGUMENTS]
    mov rsi, [r15 + ARGUMENTS + 8]
    mov rdx, [r15 + ARGUMENTS + 16]
    mov r10, [r15 + ARGUMENTS + 24]
    mov r8,  [r15 + ARGUMENTS + 32]
    mov r9,  [r15 + ARGUMENTS + 40]
    syscall
    mov [r15 + RESULT], rax
    mov edi, 1
    lea rsi, [r15 + ENDED]
    mov eax, SYS_clock_gettime
    syscall
    jmp reply

fill:                                   # store one byte value; what is left is the result
    mov rdi, [r15 + ARGUMENTS]
    mov rax, [r15 + ARGUMENTS + 8]
    mov rcx, [r15 + ARGUMENTS + 16]
    rep stosb
    jmp accessed
copy:                                   # copy bytes; what is left is the result
    mov rdi, [r15 + ARGUMENTS]
    mov rsi, [r15 + ARGUMENTS + 8]
    mov rcx, [r15 + ARGUMENTS + 16]
    rep movsb
accessed:
    mov [r15 + RESULT], rcx

reply:
    mov eax, r12d
    xchg [r15 + RESPONSE], eax          # a full barrier: the answer is visible before WAITING is read
    cmp dword ptr [r15 + WAITING], 0
    je wait
    lea rdi, [r15 + RESPONSE]
    mov esi, 1                          # FUTEX_WAKE
    mov edx, 1
    mov eax, SYS_futex
    syscall
    jmp wait

on_signal:                              # edi = signal, rsi = siginfo, rdx = ucontext
    mov [r15 + SIGNAL], edi
    mov eax, [rsi + 8]
    mov [r15 + SIGNALCODE], eax
    mov rax, [rsi + 16]
    mov [r15 + FAULTADDR], rax
    lea rax, [rip + accessed]           # rcx, the bytes left, is restored as it was at the fault
    mov [rdx + UCONTEXT_RIP], rax
    ret
restore:
    mov eax, SYS_rt_sigreturn
    syscall
