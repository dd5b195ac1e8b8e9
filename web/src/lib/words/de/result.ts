export const result = {
  title: "Ergebnis",
};
