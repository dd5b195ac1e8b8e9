import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, useState } from "react";
import { useWords } from "@/lib/words/words";
import { IconButton } from "@/ui/Button";
import { Input } from "@/ui/Input";

/** A password that can be looked at while it is typed. */
export function PasswordInput(props: Omit<ComponentProps<"input">, "type">) {
  const { account } = useWords();
  const [shown, setShown] = useState(false);
  return (
    <span className="relative block">
      <Input
        {...props}
        type={shown ? "text" : "password"}
        autoCapitalize="none"
        spellCheck={false}
        className="pr-11"
      />
      <IconButton
        icon={shown ? EyeOff : Eye}
        label={shown ? account.hidePassword : account.showPassword}
        onClick={() => setShown(!shown)}
        className="absolute top-1 right-1"
        size="small"
      />
    </span>
  );
}
