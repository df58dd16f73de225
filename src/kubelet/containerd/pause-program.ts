/**
 * The program of the sandbox container, written as machine code, so that nothing is compiled or pulled for it. It blocks
 * all signals and waits for them one by one: SIGTERM and SIGINT end it, SIGCHLD makes it reap, as process 1 of a shared
 * process namespace has to. A blocked signal reaches process 1 although it has no handler (kernel: sig_ignored).
 */
const sig = { int: 2, term: 15, child: 17 } as const

interface Fixup {
  readonly at: number
  readonly label: string
}

/** x86-64: just the instructions used below. */
function programX64(): Buffer {
  const code: number[] = []
  const labels = new Map<string, number>()
  const short: Fixup[] = []
  const long: Fixup[] = []
  const imm32 = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255]
  const emit = (...bytes: number[]) => code.push(...bytes)
  const jump = (opcode: number, label: string) => {
    emit(opcode, 0)
    short.push({ at: code.length - 1, label })
  }
  const address = (opcode: number[], label: string) => {
    emit(...opcode, 0, 0, 0, 0)
    long.push({ at: code.length - 4, label })
  }
  const label = (name: string) => labels.set(name, code.length)
  const syscall = (number: number) => emit(0xb8, ...imm32(number), 0x0f, 0x05)
  const compare = (value: number) => emit(0x83, 0xf8, value)

  emit(0xbf, ...imm32(2)) // edi = SIG_SETMASK
  address([0x48, 0x8d, 0x35], 'signals') // rsi
  emit(0x31, 0xd2, 0x41, 0xba, ...imm32(8)) // edx = 0, r10d = 8
  syscall(14) // rt_sigprocmask
  label('wait')
  address([0x48, 0x8d, 0x3d], 'signals') // rdi
  emit(0x31, 0xf6, 0x31, 0xd2, 0x41, 0xba, ...imm32(8)) // esi = 0, edx = 0, r10d = 8
  syscall(128) // rt_sigtimedwait
  compare(sig.term)
  jump(0x74, 'exit')
  compare(sig.int)
  jump(0x74, 'exit')
  compare(sig.child)
  jump(0x75, 'wait')
  label('reap')
  emit(0xbf, ...imm32(-1), 0x31, 0xf6, 0xba, ...imm32(1), 0x45, 0x31, 0xd2) // edi = -1, esi = 0, edx = WNOHANG, r10 = 0
  syscall(61) // wait4
  emit(0x85, 0xc0)
  jump(0x7f, 'reap')
  jump(0xeb, 'wait')
  label('exit')
  emit(0x31, 0xff) // edi = 0
  syscall(60) // exit
  label('signals')
  emit(...new Array<number>(8).fill(0xff))

  for (const { at, label: name } of short) code[at] = (labels.get(name)! - at - 1) & 255
  for (const { at, label: name } of long) code.splice(at, 4, ...imm32(labels.get(name)! - at - 4))
  return Buffer.from(code)
}

/** arm64: just the instructions used below. */
function programArm64(): Buffer {
  const code: ((labels: Map<string, number>, at: number) => number)[] = []
  const labels = new Map<string, number>()
  const label = (name: string) => labels.set(name, code.length * 4)
  const set = (register: number, value: number) => code.push(() => (0xd2800000 | (value << 5) | register) >>> 0)
  const minusOne = (register: number) => code.push(() => (0x92800000 | register) >>> 0)
  const address = (register: number, name: string) =>
    code.push((known, at) => {
      const offset = known.get(name)! - at
      return (0x10000000 | ((offset & 3) << 29) | ((offset >> 2) << 5) | register) >>> 0
    })
  const syscall = (number: number) => {
    set(8, number)
    code.push(() => 0xd4000001)
  }
  const compare = (value: number) => code.push(() => (0xf100001f | (value << 10)) >>> 0)
  const branch = (condition: 'eq' | 'ne' | 'gt', name: string) =>
    code.push((known, at) => {
      const offset = ((known.get(name)! - at) >> 2) & 0x7ffff
      return (0x54000000 | (offset << 5) | { eq: 0, ne: 1, gt: 12 }[condition]) >>> 0
    })
  const jump = (name: string) =>
    code.push((known, at) => (0x14000000 | (((known.get(name)! - at) >> 2) & 0x3ffffff)) >>> 0)

  set(0, 2) // SIG_SETMASK
  address(1, 'signals')
  set(2, 0)
  set(3, 8)
  syscall(135) // rt_sigprocmask
  label('wait')
  address(0, 'signals')
  set(1, 0)
  set(2, 0)
  set(3, 8)
  syscall(137) // rt_sigtimedwait
  compare(sig.term)
  branch('eq', 'exit')
  compare(sig.int)
  branch('eq', 'exit')
  compare(sig.child)
  branch('ne', 'wait')
  label('reap')
  minusOne(0)
  set(1, 0)
  set(2, 1) // WNOHANG
  set(3, 0)
  syscall(260) // wait4
  compare(0)
  branch('gt', 'reap')
  jump('wait')
  label('exit')
  set(0, 0)
  syscall(93) // exit
  label('signals')
  code.push(
    () => 0xffffffff,
    () => 0xffffffff,
  )
  const bytes = Buffer.alloc(code.length * 4)
  code.forEach((instruction, index) => {
    bytes.writeUInt32LE(instruction(labels, index * 4), index * 4)
  })
  return bytes
}

const headerBytes = 64
const segmentBytes = 56
const loadAddress = 0x400000

/** A static ELF executable with one readable and executable segment, and a stack that is not executable. */
export function pauseProgram(architecture: 'amd64' | 'arm64'): Buffer {
  const code = architecture === 'amd64' ? programX64() : programArm64()
  const codeOffset = headerBytes + 2 * segmentBytes
  const file = Buffer.alloc(codeOffset + code.length)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0])
  file.writeUInt16LE(2, 16) // ET_EXEC
  file.writeUInt16LE(architecture === 'amd64' ? 62 : 183, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(loadAddress + codeOffset), 24)
  file.writeBigUInt64LE(BigInt(headerBytes), 32)
  file.writeUInt16LE(headerBytes, 52)
  file.writeUInt16LE(segmentBytes, 54)
  file.writeUInt16LE(2, 56)
  file.writeUInt16LE(64, 58)
  file.writeUInt32LE(1, headerBytes) // PT_LOAD
  file.writeUInt32LE(5, headerBytes + 4) // read, execute
  file.writeBigUInt64LE(BigInt(loadAddress), headerBytes + 16)
  file.writeBigUInt64LE(BigInt(loadAddress), headerBytes + 24)
  file.writeBigUInt64LE(BigInt(file.length), headerBytes + 32)
  file.writeBigUInt64LE(BigInt(file.length), headerBytes + 40)
  file.writeBigUInt64LE(0x10000n, headerBytes + 48)
  file.writeUInt32LE(0x6474e551, headerBytes + segmentBytes) // PT_GNU_STACK
  file.writeUInt32LE(6, headerBytes + segmentBytes + 4) // read, write
  file.set(code, codeOffset)
  return file
}
