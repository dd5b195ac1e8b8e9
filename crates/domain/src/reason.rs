//! Why a model or a verdict says what it says: a closed list of codes, each with words and advice.

use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $words:literal, $advice:literal;)*) => {
        /// A reason code. The codes are part of the outside contract and never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code in messages.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// One sentence for people.
            pub fn in_words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }

            /// What the person can do about it; empty where nothing helps.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }
        }
    };
}

reasons! {
    /// No face in any picture or frame that was looked at.
    NoFace = "no_face", "No face was found.", "Use a file in which a face is seen from the front.";
    /// Faces are there, each too small for the model.
    FaceTooSmall = "face_too_small", "Faces are too small to be judged.", "Use the original resolution, not a thumbnail.";
    /// Fewer frames than the model needs.
    TooFewFrames = "too_few_frames", "There are too few frames in a row with a face.", "Use a longer clip without cuts.";
    /// Less sound than the model needs.
    AudioTooShort = "audio_too_short", "The sound is too short.", "Use a longer recording.";
    /// Sound, and none of it is speech.
    NoSpeech = "no_speech", "No speech was found in the sound.", "";
    /// Speech is there, and too little of it.
    TooLittleSpeech = "too_little_speech", "There is too little speech to judge.", "Use a recording with at least a few seconds of speech.";
    /// A video without sound.
    NoAudioTrack = "no_audio_track", "The video has no sound track.", "";
    /// A picture with fewer pixels than the model needs.
    ImageTooSmall = "image_too_small", "The picture is too small to be judged.", "Use the original resolution, not a thumbnail.";
    /// A helper model that this one needs is not there.
    HelperMissing = "helper_missing", "A helper model that this model needs is not available.", "See `drishtiksha models list`.";
    /// The probability lies between the two thresholds.
    BetweenThresholds = "between_thresholds", "The probability lies in the range where this model is often wrong.", "";
    /// The model has no measured quality here, so nothing may follow from its score.
    Unrated = "unrated", "A model without measured quality looked as well; its score decides nothing.", "";
    /// Parts of the file were judged, others could not be.
    PartOnly = "part_only", "Only a part of the file could be judged.", "";
    /// Models of one family contradict each other.
    ModelsDisagree = "models_disagree", "Models that look for the same thing disagree.", "";
    /// No model was there that reads this kind of media.
    NoModel = "no_model", "No installed model reads this kind of file.", "See `drishtiksha models list`.";
    /// The file declares that AI made or altered it.
    DeclaredAi = "declared_ai", "The file itself declares that AI made or altered it.", "";
    /// A generator's own mark was read.
    MarkFound = "mark_found", "The sound carries a mark that a voice generator leaves in what it makes.", "It names the generator and no author; somebody could put it into a recording of a person.";
    /// A camera signed the recording, and its certificate is trusted.
    SignedCapture = "signed_capture", "A camera signed this recording with a trusted certificate, and nothing was changed since.", "";
    /// Nothing in the file tells of its origin.
    NoOrigin = "no_origin", "Nothing in the file tells how it was made.", "Such notes are easily removed, so their absence says nothing.";
    /// The mark that a generator would have left is not there.
    NoMark = "no_mark", "No mark of a voice generator was found in the sound.", "Few generators leave one and it can be lost, so its absence says nothing.";
    /// Traces of software, none of which decides.
    OriginUndecided = "origin_undecided", "The file names software that it went through, which decides nothing.", "";
    /// Nothing shows that the file is as a camera first wrote it.
    MayBeACopy = "may_be_a_copy", "Nothing shows that this file is as a camera first wrote it: a copy that was saved anew, scaled or taken from a screen may show no sign where its original did.", "Ask for the original file.";
    /// Content Credentials that do not fit.
    CredentialsInvalid = "credentials_invalid", "The file carries Content Credentials that are damaged, have expired or belong to other content.", "Ask for the original file.";
    /// The file's own declaration decided, so the model was not run.
    DecidedByOrigin = "decided_by_origin", "Models were not run, because the file itself already tells how it was made.", "Run with `--all-models` to see them as well.";
    /// Mouth and sound agree best when both are taken as they are.
    SoundInSync = "sound_in_sync", "Mouth and voice go together.", "";
    /// Mouth and sound agree well, but only when one of them is moved in time.
    SoundShifted = "sound_shifted", "The voice comes too early or too late for the mouth.", "Poor editing and recording of a screen shift sound as well.";
    /// The sound follows the mouth nowhere near.
    SoundForeign = "sound_foreign", "The voice does not follow the mouth that is seen.", "A narrator, a translation or another speaker outside the picture does the same.";
    /// Neither agreement nor disagreement is clear.
    SyncUnclear = "sync_unclear", "Whether voice and mouth go together could not be told.", "Use a longer clip in which one face speaks towards the camera.";
    /// Speech is heard while the mouth that is seen keeps still.
    MouthStill = "mouth_still", "Somebody speaks, and the mouth that is seen does not move.", "A narrator outside the picture does the same.";
    /// The mouth moves as in speech and nothing is said.
    MouthSilent = "mouth_silent", "The mouth that is seen moves, and no speech is heard.", "";
    /// Changed copies of the file get another verdict.
    Unstable = "unstable", "Some changed copies of this file get another verdict, so little decides it.", "Look at what was said of the copies.";
    /// A model ended with an error.
    ModelFailed = "model_failed", "A model ended with an error.", "Run again with `--models NAME` to see it alone.";
}

impl std::str::FromStr for Reason {
    type Err = crate::UnknownWord;

    fn from_str(word: &str) -> Result<Self, crate::UnknownWord> {
        crate::parse_word(word, Self::ALL, Self::code)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_its_own_and_speaks() {
        let mut codes: Vec<_> = Reason::ALL.iter().map(|r| r.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(Reason::ALL.iter().all(|r| r.in_words().ends_with('.')));
    }
}
