from sekisho.processes.evidence_keeper.wiring import PROCESS
from sekisho.processes.run import main

main(PROCESS)
