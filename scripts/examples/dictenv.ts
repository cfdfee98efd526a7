// Observations of several parts, a picture and a vector, each with an encoder of its own:
//   pporun -np 2 scripts/examples/dictenv.ts
import { box, checkEnv, dict, registerEnv, TimeLimit, train } from 'pporun'

const SIDE = 6

/** Walk on a board to a place: the picture shows where you are, the vector says where to go. */
class Seek {
  observationSpace = dict({ board: box(0, 255, [SIDE, SIDE]), goal: box([0, 0], [1, 1]) })
  actionSpace = { type: 'discrete', n: 4 } as const
  at = [0, 0]
  goal = [0, 0]

  reset({ seed = 0 } = {}) {
    const place = (n: number) => [n % SIDE, Math.floor(n / SIDE) % SIDE]
    this.at = place(seed)
    this.goal = place(Math.floor(seed / (SIDE * SIDE)))
    return { observation: this.observe(), info: {} }
  }

  step(action: number | ArrayLike<number>) {
    const axis = (action as number) % 2
    const move = (action as number) < 2 ? -1 : 1
    this.at[axis] = Math.max(0, Math.min(SIDE - 1, this.at[axis] + move))
    const terminated = this.at.every((x, i) => x === this.goal[i])
    return {
      observation: this.observe(),
      reward: terminated ? 1 : -0.1,
      terminated,
      truncated: false,
      info: {},
    }
  }

  observe() {
    const board = new Uint8Array(SIDE * SIDE)
    board[SIDE * this.at[0] + this.at[1]] = 255
    return { board, goal: this.goal.map(x => x / (SIDE - 1)) }
  }
}

checkEnv(new Seek())
registerEnv('Seek-v0', () => new TimeLimit(new Seek(), 30))
await train({
  env: 'Seek-v0',
  encoder: 'small', // of pictures; `keyEncoders: ['board=small', 'goal=mlp:16']` says more
  sharedTrunk: true,
  learningRate: 1e-3,
  totalSteps: 100_000,
})
