//! The service as its users and operators live it: the real program in all its roles, on real servers.

mod backup;
mod checkout;
mod doctor;
mod documented;
mod embedded;
mod fake_ml;
mod faults_here;
mod faults_servers;
mod faults_workers;
mod home;
mod media;
mod ml_start;
mod people;
mod process;
mod replica;
mod scale;
mod secrets;
mod sockets;
mod spread;
mod stage;
mod stopping;
mod storage;
mod strangers;
mod uploads;
mod watching;
mod web_server;
