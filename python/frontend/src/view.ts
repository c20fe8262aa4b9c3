/** What fills the middle of the page; `render` builds it anew, in the language of the moment. */
export interface View {
  render: () => HTMLElement;
  dispose: () => void;
}
