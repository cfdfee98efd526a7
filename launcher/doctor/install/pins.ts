import {
  type LibtensorflowEngine,
  TENSORFLOW_VERSION,
  TFJS_VERSION,
} from '../../../src/base/libtensorflow.ts'

/** What is installed, to the byte: pip and npm refuse anything else. */

/** The wheel that has libtensorflow, by architecture: for any Python, it is only unpacked. */
const wheels: Record<
  LibtensorflowEngine,
  Partial<Record<string, readonly [name: string, sha256: string]>>
> = {
  'tfjs-node': {
    x64: ['tensorflow-cpu', 'cf756bbe2d256e942ab5d0ad2c858fb40017581494febdb4387c149b1afde780'],
    arm64: ['tensorflow', '3e9568c8efcb05c0266be223e3269c62ebf7ad3498f156438311735f6fa5ced5'],
  },
  'tfjs-node-gpu': {
    x64: ['tensorflow', '481499fd0f824583de8945be61d5e827898cdaa4f5ea1bc2cc28ca2ccff8229e'],
  },
}

/** CUDA 12 as that release wants it, for x64. */
const cuda: readonly (readonly [name: string, version: string, sha256: string])[] = [
  ['nvidia-cublas-cu12', '12.9.3.13', 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72'],
  ['nvidia-cuda-cupti-cu12', '12.8.90', 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182'],
  ['nvidia-cuda-nvcc-cu12', '12.9.86', '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0'],
  ['nvidia-cuda-nvrtc-cu12', '12.9.86', '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4'],
  ['nvidia-cuda-runtime-cu12', '12.9.79', '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3'],
  ['nvidia-cudnn-cu12', '9.28.0.42', '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375'],
  ['nvidia-cufft-cu12', '11.4.1.4', 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28'],
  ['nvidia-curand-cu12', '10.3.10.19', '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e'],
  ['nvidia-cusolver-cu12', '11.7.5.82', '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88'],
  ['nvidia-cusparse-cu12', '12.5.10.65', '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78'],
  ['nvidia-nccl-cu12', '2.32.3', 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c'],
  ['nvidia-nvjitlink-cu12', '12.9.86', 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9'],
]

/** npm's own names for the bytes of a package. */
export const npmPackages: Record<
  LibtensorflowEngine,
  readonly (readonly [name: string, version: string, integrity: string])[]
> = {
  'tfjs-node': [
    [
      '@tensorflow/tfjs-node',
      TFJS_VERSION,
      'sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==',
    ],
  ],
  'tfjs-node-gpu': [
    [
      '@tensorflow/tfjs-node-gpu',
      TFJS_VERSION,
      'sha512-p//NN6DGiN4hInUmIkRffaFVMcdTREUMjPyjW04J7OXvB2zBlQimj61eFKSgRrH3f5TnOfKzb0n56he/B6a4bw==',
    ],
  ],
}

/** Node's headers, for the binding: instead of node-gyp, which would download them from elsewhere. */
export const nodeHeaders = [
  'node-api-headers',
  '1.9.0',
  'sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
] as const

/** Lines for pip's --require-hashes; null where there is no wheel for this machine. */
export function wheelOf(engine: LibtensorflowEngine): string | null {
  const wheel = process.platform === 'linux' ? wheels[engine][process.arch] : undefined
  return wheel ? `${wheel[0]}==${TENSORFLOW_VERSION} --hash=sha256:${wheel[1]}` : null
}

/** Likewise, of the CUDA libraries; none where the engine needs none. */
export function cudaWheelsOf(engine: LibtensorflowEngine): string[] {
  if (engine === 'tfjs-node') return []
  return cuda.map(([name, version, sha256]) => `${name}==${version} --hash=sha256:${sha256}`)
}
