export const library = {
  title: "Bibliothek",
};
