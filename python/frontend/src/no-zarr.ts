/** Stands for zarrita, which NiiVue would bring for chunked volumes with a megabyte of decoders. */

function absent(): never {
  throw new Error("chunked volumes are not part of this page");
}

export { absent as FetchStore, absent as get, absent as open, absent as root, absent as slice };
