/** Capabilities of this browser, and explanations of missing ones. */

// A function that uses one SIMD instruction: (v128.const … i8x16.popcnt drop).
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0,
  65, 0, 253, 15, 253, 98, 11,
]);

/** Why the page cannot run here, or null. */
export function obstacle() {
  if (window.location.protocol === 'file:') {
    return 'Browsers do not let pages opened from files load models. Serve this folder, '
      + 'for example with: python3 -m http.server';
  }
  if (typeof WebAssembly !== 'object') {
    return 'This browser has no WebAssembly, which the model needs. '
      + 'Please update it, or try Chrome, Edge, Firefox or Safari.';
  }
  if (!WebAssembly.validate(SIMD)) {
    return 'This browser has WebAssembly without SIMD, which the model needs. '
      + 'Please update it: Chrome and Edge 91, Firefox 89 and Safari 16.4 have it.';
  }
  return null;
}

/**
 * The accelerators, best first.
 *
 * @returns {Promise<{name: string, title: string, missing: string|null}[]>}
 */
export async function accelerators() {
  return [
    {name: 'threads', title: 'CPU, threads', missing: missingThreads()},
    {name: 'wasm', title: 'CPU', missing: null},
    {name: 'webgpu', title: 'GPU', missing: await missingGpu()},
  ];
}

function missingThreads() {
  if (window.crossOriginIsolated) return null;
  return 'Threads need the headers Cross-Origin-Opener-Policy: same-origin and '
    + 'Cross-Origin-Embedder-Policy: require-corp from this page’s server.';
}

async function missingGpu() {
  if (!navigator.gpu) return 'This browser has no WebGPU.';
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return adapter ? null : 'WebGPU found no usable graphics card.';
}
