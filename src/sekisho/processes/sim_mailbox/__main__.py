from sekisho.processes.run import main
from sekisho.processes.sim_mailbox.wiring import PROCESS

main(PROCESS)
