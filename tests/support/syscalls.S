/*
 * The way into the kernel for syscalls.c, and its start: what C can't say.  Static, in a
 * process of its own; enter_*(call) takes a struct call, whose offsets are known here.
 *
 * A child of vfork(2) lives on its parent's stack: it must end before it returns.
 */
#ifdef __x86_64__
	.globl _start, enter_syscall, enter_int80
_start:
	mov %rsp, %rdi
	and $-16, %rsp
	call probe
enter_syscall:
	push %rbx
	mov %rdi, %rbx
	mov 0(%rbx), %rax
	mov 8(%rbx), %rdi
	mov 16(%rbx), %rsi
	mov 24(%rbx), %rdx
	mov 32(%rbx), %r10
	mov 40(%rbx), %r8
	mov 48(%rbx), %r9
	syscall
	test %rax, %rax
	jnz 1f
	cmpq $0, 56(%rbx)
	jne 2f
1:	pop %rbx
	ret
2:	mov $60, %eax
	xor %edi, %edi
	syscall
enter_int80:
	push %rbx
	push %rbp
	push %rdi
	mov 0(%rdi), %eax
	mov 8(%rdi), %rbx
	mov 16(%rdi), %rcx
	mov 24(%rdi), %rdx
	mov 32(%rdi), %rsi
	mov 48(%rdi), %rbp
	mov 40(%rdi), %rdi
	int $0x80
	pop %rdi
	test %eax, %eax
	jnz 1f
	cmpq $0, 56(%rdi)
	jne 2b
1:	pop %rbp
	pop %rbx
	cltq
	ret
#else
	.globl _start, enter_int80
_start:
	mov %esp, %eax
	and $-16, %esp
	sub $12, %esp
	push %eax
	call probe
enter_int80:
	push %ebx
	push %esi
	push %edi
	push %ebp
	mov 20(%esp), %eax
	mov 4(%eax), %ebx
	mov 8(%eax), %ecx
	mov 12(%eax), %edx
	mov 16(%eax), %esi
	mov 20(%eax), %edi
	mov 24(%eax), %ebp
	mov 0(%eax), %eax
	int $0x80
	test %eax, %eax
	jnz 1f
	mov 20(%esp), %ecx
	cmpl $0, 28(%ecx)
	jne 2f
1:	pop %ebp
	pop %edi
	pop %esi
	pop %ebx
	ret
2:	mov $1, %eax
	xor %ebx, %ebx
	int $0x80
#endif
	.section .note.GNU-stack, "", @progbits
