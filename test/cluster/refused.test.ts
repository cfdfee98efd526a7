import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Ended } from '../rig.ts'
import { onCluster } from './cluster.ts'

/** What stands in the way of an agent is said before anything starts: which host, what, and what mends it; status 2. */
onCluster('hosts that cannot take part', ['login', 'n1', 'n2'], cluster => {
  const refused = async (args: string[], ...lines: RegExp[]): Promise<Ended> => {
    const ended = await cluster().pporun([...args, 'train']).ended
    assert.equal(ended.status, 2, ended.stderr)
    for (const line of lines) assert.match(ended.stderr, line)
    assert.equal(ended.stderr.trim().split('\n').length, lines.length, ended.stderr)
    await cluster().quiet(5)
    return ended
  }
  /** An ssh configuration of its own, as in --ssh 'ssh -F file'. */
  const configured = (...lines: string[]): string => {
    const path = join(cluster().folder, 'other config')
    writeFileSync(path, `${lines.join('\n')}\n${readFileSync(join(cluster().folder, 'ssh_config'), 'utf8')}`)
    return `ssh -F '${path}'`
  }

  test('a host key that is not known, on every host that has one: a line each', async () => {
    const unknown = configured('UserKnownHostsFile /dev/null')
    const line = (name: string) =>
      new RegExp(
        `^pporun: ${name}: its ssh host key is not known here; .*ssh-keyscan ${name} >> ~/.ssh/known_hosts`,
        'm',
      )
    await refused(['-H', 'n1,n2', '--ssh', unknown], line('n1'), line('n2'))
  })

  test('a host key that has changed', async () => {
    const wrong = join(cluster().folder, 'wrong')
    const known = readFileSync(join(cluster().folder, 'known'), 'utf8').split('\n')
    const key = (name: string) => /ssh-\w+ .*/.exec(known.find(line => line.startsWith(`${name},`))!)![0]
    writeFileSync(wrong, `n1 ${key('n2')}\nn2 ${key('n2')}\n`)
    await refused(
      ['-H', 'n1,n2', '--ssh', configured(`UserKnownHostsFile ${wrong}`)],
      /^pporun: n1 shows another ssh host key than the one known here; .*ssh-keygen -R n1/m,
    )
  })

  test('a login that is refused names the user', async () => {
    const keyless = configured('IdentityFile /dev/null', 'IdentitiesOnly yes', 'IdentityAgent none').replace(
      "ssh -F '",
      "ssh -o 'IdentityFile /dev/null' -o IdentitiesOnly=yes -o PubkeyAuthentication=no -F '",
    )
    await refused(
      ['-H', 'n2', '--ssh', keyless],
      /^pporun: n2 refuses to let root in without a password: ssh-copy-id n2/m,
    )
  })

  test('a name that does not resolve, a port where nobody listens', async () => {
    const hosts = join(cluster().folder, 'hosts.txt')
    writeFileSync(hosts, 'n1 port=4022\nnowhere\n')
    await refused(
      ['--hostfile', hosts],
      /^pporun: n1 refuses the connection: no sshd listens there on port 4022$/m,
      /^pporun: nowhere does not resolve/m,
    )
  })

  test('no Node, no pporun, no working directory there', async () => {
    const { folder } = cluster()
    cluster().host('n1').sh(`mount --bind /dev/null $(readlink -f ${process.execPath})`)
    await refused(['-H', 'n1,n2'], /^pporun: n1 has no Node \(neither at .*install Node v20/m)
    cluster().host('n1').sh(`umount $(readlink -f ${process.execPath})`)
    mkdirSync(join(folder, 'here'))
    cluster().host('n2').sh(`mount -t tmpfs none ${folder}/here && mkdir ${folder}/here/other`)
    mkdirSync(join(folder, 'here', 'mine'))
    const job = cluster().pporun(['-H', 'n1,n2', 'train'], { cwd: join(folder, 'here', 'mine') })
    const { status, stderr } = await job.ended
    assert.equal(status, 2, stderr)
    assert.match(
      stderr,
      /^pporun: n2 has no folder .*here\/mine; make it there, or name another with --wdir$/m,
    )
    await cluster().quiet(5)
  })
})
