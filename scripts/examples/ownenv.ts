// An environment of one's own, checked, registered and trained; every rank runs this file, so each knows it:
//   pporun -np 2 scripts/examples/ownenv.ts
import { box, checkEnv, registerEnv, type StepResult, TimeLimit, train } from 'pporun'

/** Find the target on a line: the action is a step, the reward is the distance that is left. */
class Line {
  observationSpace = box([-10], [10])
  actionSpace = box([-1], [1])
  distance = 0

  reset({ seed = 0 } = {}) {
    this.distance = (seed % 1000) / 250 - 2
    return { observation: [this.distance], info: {} }
  }

  step(action: number | ArrayLike<number>): StepResult {
    this.distance = Math.max(-10, Math.min(10, this.distance + (action as ArrayLike<number>)[0]))
    const reward = -Math.abs(this.distance)
    return { observation: [this.distance], reward, terminated: false, truncated: false, info: {} }
  }
}

checkEnv(new Line())
registerEnv('Line-v0', () => new TimeLimit(new Line(), 20))
const { evaluation, paramsHash } = await train({ env: 'Line-v0', totalSteps: 20_000 })
console.log(`mean return ${evaluation.meanReturn} with parameters ${paramsHash}`)
