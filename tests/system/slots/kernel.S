/* A kernel for tests of the start: a bzImage whose whole work is to print its own name and the command
 * line on the first serial port, and to reset the machine. NAME is defined by the caller. Layout:
 * Documentation/arch/x86/boot.rst of Linux. */
	.code16
	.text
	.org 0x1f1
	.byte 1			/* setup_sects: one beside the first */
	.word 0			/* root_flags */
	.long (end - start + 15) / 16
	.word 0, 0, 0
	.word 0xaa55
	.byte 0xeb, 0x66	/* jump over the header */
	.ascii "HdrS"
	.word 0x020f		/* version of the protocol */
	.long 0
	.word 0x1000
	.word version - 0x200
	.byte 0
	.byte 1			/* loaded_high */
	.word 0
	.long 0x100000		/* code32_start */
	.long 0, 0		/* ramdisk_image, ramdisk_size */
	.long 0
	.word 0xe000
	.byte 0, 0
	.long 0			/* cmd_line_ptr */
	.long 0x7fffffff	/* initrd_addr_max */
	.long 0x1000		/* kernel_alignment */
	.byte 0, 0
	.word 0
	.long 2047		/* cmdline_size */
	.long 0
	.quad 0
	.long 0, 0		/* payload */
	.quad 0
	.quad 0x100000		/* pref_address */
	.long 0x10000		/* init_size */
	.long 0
version:
	.asciz "0.0-test"
	.org 0x400

	.code32
start:	/* At 0x100000, in protected mode, esi: boot_params. */
	mov	$name - start + 0x100000, %ebx
	call	print
	mov	0x228(%esi), %ebx
	call	print
	mov	$newline - start + 0x100000, %ebx
	call	print
	mov	$0xfe, %al	/* the keyboard controller's reset line */
	out	%al, $0x64
	mov	$0xcf9, %dx	/* and the chip set's */
	mov	$6, %al
	out	%al, %dx
halt:	hlt
	jmp	halt

print:	mov	(%ebx), %cl
	test	%cl, %cl
	jz	2f
1:	mov	$0x3fd, %dx
	in	%dx, %al
	test	$0x20, %al
	jz	1b
	mov	%cl, %al
	mov	$0x3f8, %dx
	out	%al, %dx
	inc	%ebx
	jmp	print
2:	ret

name:	.asciz NAME
newline:
	.asciz "\r\n"
	.balign 16
end:
