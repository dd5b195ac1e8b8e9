export { LibraryPage as Component } from "@/features/library/LibraryPage";
