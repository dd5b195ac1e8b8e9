"""The words of the document around its tables."""

HEAD = """# Capacity

Written by `make capacity`; do not edit by hand. The programs that measure are in `bench/capacity/`, the figures of every window in `docs/benchmarks-capacity.json`.
A figure is the median over n windows or batches one after the other, with the lowest and the highest of them behind it. What follows for an installation stands in [Scale](scale.md).

**The models are simulated**: an ML server of the contract whose models wait for a set time and compute nothing. So these figures say what the service around the models
can do, and how it grows; how long real models take stands in [the benchmarks of the models](benchmarks.md)."""

METHOD = """## How

PostgreSQL (as it comes, so that a run's acceptance and end are on the disk), Redis, `drishtiksha api`, `drishtiksha worker` and the simulated ML servers run as processes on one machine, which
also makes the load. Uploads are pictures of 10 kB, no two alike, and a run has {models} models unless said otherwise.

* **Workers**: files are uploaded and planned first, more than the workers can do, then the workers start. After a second and one model's time, windows of two seconds are measured, from the
  events in the rows; a job that the window cuts counts with the share of its time that lies inside. It is checked that the queue held jobs at the end and that none failed.
* **Efficiency** is the rate of n workers, divided by n times the rate of one worker with as many jobs each, window by window.
* **Machine busy** is the share of all cores that was not idle, the load and the simulated models included. From {full:.0f} % on (**bold**) the machine is full: a rate there is the machine's, and so is an efficiency.
* **A job** is from its start to its result in the rows. Its wait in a queue that is never empty says nothing; how long jobs wait is measured at loads below the limit.
* Processor time is read from `/proc` for each role with its children; memory is that of a role's processes, shared pages in parts."""

ML = """## ML servers

A job waits {wait_ms:.0f} ms in one of a server's lanes; {workers:.0f} workers × {jobs:.0f} jobs bring more than the lanes can do, so that jobs stand in line there. Runs of one model, so that a job is a file; windows of four
seconds, in which a job counts with its model's time alone. So many jobs are always under way, so with lanes that never stand idle a job takes as long as the third column says, and servers that halve
that time double the rate. A worker sends a job to the server that has the least to do, by what it sent there itself and by what it knows of others there, from a look every three seconds and
from what the server says with each answer. What it does not know yet makes some lines longer than others: the far ends of the times tell how long."""

LOAD = """## Waiting below the limit

Files come by chance to {workers:.0f} workers × {jobs:.0f} jobs; model that waits {wait_ms:.0f} ms. 100 % would be {most} runs/s. The wait of a job is from the acceptance of its file to its start."""

UPLOADS = """## API servers: uploads

Pictures of 10 kB from 16 people at once, who take turns among the servers; the server that took a file also plans its run and puts the jobs into the queue, after its answer, so that
answers may run ahead. CPU is for one upload with its plan. With one machine for all servers the rate is the machine's: more API servers share it and do not raise it."""

SOCKETS = """## API servers: sockets

From Redis to the client (`socket.io-client`): 50 events a second, each to all sockets of one of 50 people; then as many as come. All sockets are in one process of Node, which takes its
share of the machine. Several servers share the sockets evenly."""

COMMANDS = """## Commands

```sh
make capacity                                                          # everything; writes this document and its data
PROFILE=release make capacity                                          # what is shipped, in place of what is tested
bench/capacity/run.sh --quick                                          # small sizes, to see whether it works; writes nothing
bench/capacity/run.sh --part ml --rounds 1                             # one part anew, the others stay
bench/capacity/run.sh --part workers --wait-ms 200 --rounds 1 --more   # another round of it
bench/capacity/run.sh --report                                         # this document again from its data
```"""
