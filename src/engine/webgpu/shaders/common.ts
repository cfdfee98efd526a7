/** Threads of a workgroup. */
export const GROUP = 64

/**
 * What every kernel begins with: one thread for each number that it writes, without barriers, so that no sum depends on
 * how many rows there are beside its own. `rows` is [rows, rows of a chunk].
 */
export const common: string = `
@group(0) @binding(0) var<uniform> rows: vec4u;

fn threadOf(group: vec3u, groups: vec3u, lane: u32) -> u32 {
  return (group.y * groups.x + group.x) * ${GROUP}u + lane;
}
`

/** The entry of a kernel: `i` is the number of its thread. */
export const main = (body: string): string => `
@compute @workgroup_size(${GROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = threadOf(group, groups, lane);
  ${body}
}
`

/** Arrays of float32 for the bindings 1, 2, ...; those named first are only read. */
export const arrays = (read: readonly string[], written: readonly string[]): string =>
  [...read, ...written]
    .map((name, at) => {
      const access = at < read.length ? 'read' : 'read_write'
      return `@group(0) @binding(${at + 1}) var<storage, ${access}> ${name}: array<f32>;`
    })
    .join('\n')
