import { CircleUser, LogOut } from "lucide-react";
import { Link } from "react-router";
import { signOut, useSession } from "@/lib/api/session";
import { setTheme, THEMES, useTheme } from "@/lib/theme";
import { LANGUAGES, type Language, setLanguage, useLanguage, useWords } from "@/lib/words/words";
import { DropdownMenu, MenuChoice, MenuItem, MenuLabel, MenuLine } from "@/ui/DropdownMenu";

export function UserMenu() {
  const { nav } = useWords().common;
  const session = useSession();
  if (session.state !== "in") return null;
  const { firstName, lastName, email } = session.user;
  const initials = `${firstName.slice(0, 1)}${lastName.slice(0, 1)}`.toUpperCase();
  return (
    <DropdownMenu
      trigger={
        <button
          type="button"
          aria-label={nav.userMenu}
          className="flex items-center gap-2.5 rounded-md p-1 text-left hover:bg-sunken lg:w-full lg:p-2"
        >
          <span
            aria-hidden
            className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-sm font-semibold text-accent-strong"
          >
            {initials}
          </span>
          <span className="hidden min-w-0 lg:block">
            <span className="block truncate font-medium">{`${firstName} ${lastName}`}</span>
            <span className="block truncate text-xs text-ink-soft">{email}</span>
          </span>
        </button>
      }
    >
      <MenuLabel>{email}</MenuLabel>
      <MenuItem asChild>
        <Link to="/account">
          <CircleUser aria-hidden className="size-4 shrink-0" />
          {nav.account}
        </Link>
      </MenuItem>
      <MenuLine />
      <ThemeChoice />
      <LanguageChoice />
      <MenuLine />
      <MenuItem icon={LogOut} onSelect={() => void signOut()}>
        {nav.signOut}
      </MenuItem>
    </DropdownMenu>
  );
}

function ThemeChoice() {
  const { theme: words } = useWords().common;
  const options = THEMES.map((theme) => [theme, words[theme]] as const);
  return <MenuChoice label={words.label} value={useTheme()} options={options} onChange={setTheme} />;
}

function LanguageChoice() {
  const { language: words } = useWords().common;
  const options = Object.entries(LANGUAGES) as [Language, string][];
  // A language that cannot be fetched now stays unchosen.
  const choose = (language: Language) => void setLanguage(language).catch(() => undefined);
  return <MenuChoice label={words.label} value={useLanguage()} options={options} onChange={choose} />;
}
