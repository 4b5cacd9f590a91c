/**
 * Runs the model in the background, so that sliders stay smooth.
 *
 * A classic worker, not a module, since the runtime loads its script by importScripts.
 */

const OPTIONS = {
  threads: {threads: true}, wasm: {}, webgpu: {},
};
const models = {};
let litert;

async function start({runtime, accelerator, threads, files}) {
  // Without a <script> element, the runtime cannot locate its files.
  self.Module = {
    locateFile: (name) => new URL(`wasm/${name}`, runtime).href,
    mainScriptUrlOrBlob: new URL('wasm/litert_wasm_threaded_internal.js', runtime).href,
  };
  litert = await import(new URL('core/index.js', runtime).href);
  await litert.loadLiteRt(new URL('wasm/', runtime).href, OPTIONS[accelerator]);
  const compile = accelerator === 'webgpu'
    ? {accelerator: 'webgpu', gpuOptions: {precision: 'fp32'}}
    : {accelerator: 'wasm', cpuOptions: {numThreads: threads}};
  for (const [role, url] of Object.entries(files)) {
    models[role] = await litert.loadAndCompile(url, compile);
  }
  return {complete: Object.values(models).every((model) => model.isFullyAccelerated)};
}

async function run({role, signature, inputs}) {
  const tensors = {};
  for (const [name, {data, shape}] of Object.entries(inputs)) {
    tensors[name] = new litert.Tensor(data, shape);
  }
  const since = performance.now();
  const results = await models[role].run(signature, tensors);
  const outputs = {};
  for (const [name, tensor] of Object.entries(results)) {
    outputs[name] = (await tensor.data()).slice();
    tensor.delete();
  }
  const milliseconds = performance.now() - since;
  for (const tensor of Object.values(tensors)) {
    if (!tensor.deleted) tensor.delete();
  }
  return {outputs, milliseconds};
}

self.onmessage = async ({data: {id, task, ...given}}) => {
  try {
    const answer = await (task === 'start' ? start(given) : run(given));
    self.postMessage({id, answer});
  } catch (error) {
    self.postMessage({id, error: String(error?.message ?? error)});
  }
};
