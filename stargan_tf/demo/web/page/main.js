/** Assembles the page. */

import {clearWarning, savePng, tell, themeButton, warn} from './elements.js';
import {Square, cropView, drawn, fetchPhoto, readPhoto, show} from './image.js';
import {LabelChoice} from './labels.js';
import {Translator, acceleratorChoice, obstacle} from './model.js';
import {cameraButton, faceButtons, fileInput, listFaces} from './sources.js';
import {StyleChoice} from './styles.js';

const byId = (id) => document.getElementById(id);

async function readDescription() {
  const response = await fetch('model/model.json');
  if (!response.ok) throw new Error(`model/model.json is missing (${response.status}).`);
  return response.json();
}

function title({family, image_size: size, domains}) {
  const name = {stargan: 'StarGAN', stargan_v2: 'StarGAN v2'}[family] ?? family;
  return `${name} · ${size} × ${size} px · ${domains.length} domains`;
}

/** The components between an image and its translation. */
function workbench(description, faces) {
  const size = description.image_size;
  const square = new Square(description);
  const failed = (error) => warn(error.message);
  const pixelsOf = (picture) => {
    const whole = new Square(description);
    whole.take(picture);
    return whole.pixels(size);
  };
  const changed = () => {
    translator.update();
    tell(`Translating to: ${choice.summary()}.`);
  };
  const choice = description.files.style
    ? new StyleChoice(description, changed, {
      fromFile: async (blob, name) => (
        pixelsOf(await translator.after(readPhoto(blob, name)))),
      faces: faces.map((face) => ({
        ...face,
        pixels: async () => pixelsOf(await translator.after(fetchPhoto(face.url))),
      })),
      failed,
    })
    : new LabelChoice(description, changed);
  const translator = new Translator({
    description, choice, failed,
    pixels: () => square.picture && square.pixels(size),
    busy: (busy) => byId('stage').setAttribute('aria-busy', busy),
    done: (before, after) => {
      show(byId('before'), before, size);
      show(byId('after'), after, size);
      showSpeed(translator.median);
      byId('save').disabled = false;
    },
  });
  const drawCrop = cropView({
    canvas: byId('crop'), slider: byId('zoom'), square, changed: () => translator.update(),
  });
  const take = (picture, options) => {
    square.take(picture, options);
    drawCrop();
    translator.update();
  };
  return {choice, translator, take, failed};
}

function showSpeed(milliseconds) {
  const twoDigits = (number) => number.toFixed(number < 10 ? 1 : 0);
  byId('speed').textContent = `${twoDigits(milliseconds)} ms per image`;
  byId('rate').textContent = `${twoDigits(1000 / milliseconds)} per second · `;
}

function connectPictures({choice, translator, take, failed}, faces) {
  let latest = null;
  const camera = cameraButton(byId('camera'), {
    frame: (video) => {
      // Frames are skipped while one is waiting to be translated.
      if (translator.stale) return;
      take(
        drawn(video, video.videoWidth, video.videoHeight, {mirrored: true}),
        {nextFrame: true});
    },
    failed,
    started: () => {
      latest = null;
      clearWarning();
      choice.show([]);
    },
  });
  const still = (picture, domains = []) => {
    camera.stop();
    clearWarning();
    choice.show(domains);
    take(picture);
  };
  const load = (promise, title, domains) => {
    latest = promise;
    return translator.after(promise).then((picture) => {
      // A large photo may be ready after an image that was chosen later.
      if (promise !== latest) return;
      still(picture, domains);
      tell(`${title}. Now: ${choice.summary()}.`);
    }).catch((error) => {
      if (promise === latest) failed(error);
    });
  };
  faceButtons(byId('faces'), faces, (face) => (
    load(fetchPhoto(face.url), face.title, face.domains)));
  fileInput({
    input: byId('file'), curtain: byId('drop'),
    chosen: (file) => load(readPhoto(file, file.name), file.name),
  });
  return still;
}

function connectStage() {
  const reveal = byId('reveal');
  const move = () => byId('compare').style.setProperty('--reveal', `${reveal.value}%`);
  reveal.addEventListener('input', move);
  move();
  byId('save').addEventListener('click', () => {
    savePng(byId('after'), 'stargan.png');
    tell('Saved as stargan.png.');
  });
}

async function main() {
  themeButton(byId('theme'), byId('theme-name'));
  const reason = obstacle();
  if (reason) throw new Error(reason);
  const description = await readDescription();
  byId('model').textContent = title(description);
  const faces = await listFaces();
  const bench = workbench(description, faces);
  byId('choices').replaceChildren(bench.choice.root);
  connectStage();
  const still = connectPictures(bench, faces);
  if (faces.length) {
    still(await fetchPhoto(faces[0].url), faces[0].domains);
    // Awaited, because its success clears the warning.
    await bench.choice.suggest();
  }
  await acceleratorChoice({
    description, place: byId('accelerators'), note: byId('accelerator-note'),
    started: (engine, name) => {
      byId('loading').hidden = Boolean(engine);
      byId('runs-on').textContent = name;
      bench.translator.use(engine);
      if (engine) tell(`Ready. Runs on ${name}. Now: ${bench.choice.summary()}.`);
    },
    failed: (error, next) => {
      byId('loading').hidden = !next;
      warn(next
        ? `It could not be started (${error.message}). Using ${next} instead.`
        : `The model could not be started: ${error.message}`);
    },
  });
}

main().catch((error) => {
  warn(error.message);
  byId('loading').hidden = true;
});
