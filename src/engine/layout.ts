/** Actor and critic as separate MLPs over a discrete action space. */
export interface Network {
  observationSize: number
  /** Widths of the hidden layers, the same for actor and critic. */
  hidden: readonly number[]
  activation: Activation
  /** Number of discrete actions: one logit each. */
  numActions: number
}

export type Activation = 'tanh' | 'relu' | 'elu'

/** One weight [out, in] (row-major) or bias [out] inside the flat parameter vector. */
export interface Tensor {
  name: string
  shape: readonly number[]
  offset: number
  size: number
}

/** Where each tensor lies in the one flat parameter vector; also the order of gradients, moments and checkpoints. */
export interface Layout {
  network: Network
  tensors: readonly Tensor[]
  /** P, the number of parameters. */
  size: number
}

/** The actor's layers, then the critic's; names and shapes as in a PyTorch state dict, `actor.0.weight` first. */
export function layoutOf(network: Network): Layout {
  const { observationSize, hidden, numActions } = network
  const tensors: Tensor[] = []
  appendMlp(tensors, 'actor', [observationSize, ...hidden, numActions])
  appendMlp(tensors, 'critic', [observationSize, ...hidden, 1])
  return { network, tensors, size: endOf(tensors) }
}

function appendMlp(tensors: Tensor[], network: string, widths: number[]): void {
  for (let layer = 0; layer + 1 < widths.length; layer++) {
    const inputs = widths[layer]
    const outputs = widths[layer + 1]
    append(tensors, `${network}.${layer}.weight`, [outputs, inputs])
    append(tensors, `${network}.${layer}.bias`, [outputs])
  }
}

function append(tensors: Tensor[], name: string, shape: number[]): void {
  const size = shape.reduce((product, length) => product * length, 1)
  tensors.push({ name, shape, offset: endOf(tensors), size })
}

function endOf(tensors: Tensor[]): number {
  const last = tensors.at(-1)
  return last ? last.offset + last.size : 0
}

/** 32-bit FNV-1a over names and shapes: two ranks whose frames carry different ones hold different networks. */
export function layoutHash(layout: Layout): number {
  let hash = 0x811c9dc5
  for (const { name, shape } of layout.tensors)
    for (const character of `${name}[${shape}];`)
      hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193)
  return hash >>> 0
}
