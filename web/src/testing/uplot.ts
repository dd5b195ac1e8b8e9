/** In place of `uplot`: jsdom draws nothing; what is drawn is looked at in the walks. */
export default class {
  destroy() {}
  setData() {}
  setSize() {}
}
