/** The little of the WebAssembly API that native.ts uses: Node has it, its type package does not. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Memory {
    constructor(limits: { initial: number })
    readonly buffer: ArrayBuffer
  }
  interface Global {
    readonly value: number
  }
  class Instance {
    constructor(module: Module, imports: object)
    readonly exports: Record<string, unknown>
  }
}
