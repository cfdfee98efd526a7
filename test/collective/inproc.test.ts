import { inprocTransports } from '../../src/collective/inproc.ts'
import { transportConformance } from './conformance.ts'

transportConformance('inproc', async size => {
  const transports = inprocTransports(size)
  return { transports, close: () => transports.forEach(transport => void transport.close()) }
})
