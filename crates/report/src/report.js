"use strict";
// Ties player, timeline and frames together. Reads and writes nothing outside this page.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const lanes = document.querySelector(".lanes");
  const cursor = document.querySelector(".cursor");
  const readout = document.getElementById("readout");
  const player = document.querySelector("video, audio");
  const total = lanes ? Number(lanes.dataset.total) : 0;
  const frames = all("[data-frame]");
  const overlays = all("[data-from]");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const timecode = (ms) => {
    const pad = (value, width) => String(value).padStart(width, "0");
    const [hours, minutes] = [Math.floor(ms / 3600000), Math.floor(ms / 60000) % 60];
    const tail = `${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(Math.floor(ms) % 1000, 3)}`;
    return hours ? `${hours}:${pad(minutes, 2)}:${tail}` : `${minutes}:${tail}`;
  };

  const nearest = (items, value, ms) =>
    items.reduce((best, item) => {
      const far = Math.abs(value(item) - ms);
      return best && best.far <= far ? best : { item, far };
    }, null)?.item;

  // Moves everything that follows the time; says nothing, because it also runs while the file plays.
  const show = (ms) => {
    if (cursor && total) {
      cursor.style.left = `${Math.min(100, (ms / total) * 100)}%`;
      cursor.classList.add("on");
    }
    overlays.forEach((group) => {
      group.classList.toggle("off", ms < Number(group.dataset.from) || ms >= Number(group.dataset.to));
    });
    const now = nearest(frames, (frame) => Number(frame.dataset.frame), ms);
    frames.forEach((frame) => frame.classList.toggle("now", frame === now));
    return now;
  };

  // What every model says nearest to that time, for eyes and screen readers alike.
  const tell = (ms) => {
    if (!readout) return;
    const said = all(".lane", lanes).flatMap((lane) => {
      const mark = nearest(all(".track [data-seek]", lane), (item) => Number(item.dataset.seek), ms);
      const title = lane.querySelector("h3")?.firstChild?.textContent.trim();
      return mark ? [`${title}, ${mark.textContent}`] : [];
    });
    readout.textContent = [`At ${timecode(ms)}.`, ...said.map((line) => `${line}.`)].join("\n");
  };

  const seek = (ms) => {
    if (player) player.currentTime = ms / 1000;
    const now = show(ms);
    const strip = now?.closest(".strip");
    if (strip) strip.scrollTo({ left: now.parentElement.offsetLeft - strip.offsetLeft, behavior: calm ? "auto" : "smooth" });
    tell(ms);
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-seek]");
    if (target) {
      seek(Number(target.dataset.seek));
      return;
    }
    const track = event.target.closest(".lane svg");
    if (track && total) {
      const box = track.getBoundingClientRect();
      seek(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * total);
    }
  });

  // One stop of the Tab key per track; the arrow keys walk along its marks.
  all(".track").forEach((track) => {
    const marks = all("[data-seek]", track);
    track.addEventListener("keydown", (event) => {
      const here = marks.indexOf(event.target);
      if (here < 0) return;
      const last = marks.length - 1;
      const goal = { ArrowRight: Math.min(last, here + 1), ArrowLeft: Math.max(0, here - 1), Home: 0, End: last, Enter: here, " ": here }[event.key];
      if (goal === undefined) return;
      event.preventDefault();
      marks[here].setAttribute("tabindex", "-1");
      marks[goal].setAttribute("tabindex", "0");
      marks[goal].focus();
      seek(Number(marks[goal].dataset.seek));
    });
  });

  const layer = (box) => {
    all(`[data-layer="${box.dataset.switch}"]`).forEach((group) => group.classList.toggle("off", !box.checked));
  };
  all("[data-switch]").forEach((box) => {
    layer(box);
    box.addEventListener("change", () => layer(box));
  });

  if (player) {
    const follow = () => {
      show(player.currentTime * 1000);
      if (!player.paused && !calm) requestAnimationFrame(follow);
    };
    (calm ? ["play", "seeked", "timeupdate"] : ["play", "seeked"]).forEach((name) => player.addEventListener(name, follow));
    player.addEventListener("error", () => {
      document.querySelector(".unplayable")?.removeAttribute("hidden");
    });
  }
})();
