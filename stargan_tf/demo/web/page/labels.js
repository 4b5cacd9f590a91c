/** StarGAN's label vector: c~ = [c_1, …, c_n, m], in [0, 1]. */

/**
 * Groups of domains, in the order of the label vector.
 *
 * @param {object} dataset an entry of `datasets` in model.json.
 * @returns {{name: string, domains: string[], optional: boolean}[]} in a group with
 *   several domains, at most one is on; exactly one if it is not optional.
 */
export function groups(dataset) {
  if (dataset.label_type === 'one_hot') {
    return [{name: groupName(dataset.domains), domains: dataset.domains, optional: false}];
  }
  const exclusive = (dataset.exclusive_groups ?? []).map(
    (domains) => ({name: groupName(domains), domains, optional: true}));
  const grouped = new Set(exclusive.flatMap((group) => group.domains));
  const alone = dataset.domains.filter((domain) => !grouped.has(domain))
    .map((domain) => ({name: readable(domain), domains: [domain], optional: true}));
  return [...exclusive, ...alone];
}

/** Black_Hair, Blond_Hair → Hair; without a common last word: "One of". */
function groupName(domains) {
  const last = domains.map((domain) => domain.split('_').at(-1));
  const common = domains.every((domain) => domain.includes('_'))
    && last.every((word) => word === last[0]);
  return common ? last[0] : 'One of';
}

/** Blond_Hair → Blond hair; within the group Hair: Blond. */
export function readable(domain, group = '') {
  const words = domain.split('_');
  if (words.length > 1 && words.at(-1) === group) words.pop();
  const text = words.join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1).replaceAll(/ \p{Lu}(?=\p{Ll})/gu,
    (letter) => letter.toLowerCase());
}

/**
 * @param {object} description the content of model.json.
 * @param {number} dataset whose labels `values` are.
 * @param {Object<string, number>} values domain → 0 to 1, or as a change -1 to 1; others
 *   are 0.
 * @returns {Float32Array} of `label_width`; zero for other data sets.
 */
export function labelVector(description, dataset, values) {
  const vector = new Float32Array(description.label_width);
  const {datasets} = description;
  const widths = datasets.map((info) => info.domains.length);
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  const start = sum(widths.slice(0, dataset));
  datasets[dataset].domains.forEach((domain, index) => {
    vector[start + index] = values[domain] ?? 0;
  });
  if (datasets.length > 1) vector[sum(widths) + dataset] = 1;
  return vector;
}
