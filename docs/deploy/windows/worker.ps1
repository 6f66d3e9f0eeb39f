# Registers a task that works what is queued, from the start of the computer on. Run it as an administrator:
#   powershell -ExecutionPolicy Bypass -File worker.ps1 -User SHOP\countermand -Folder C:\countermand
param(
    [Parameter(Mandatory)] [string] $User,
    [string] $Folder = "C:\countermand"
)
$ErrorActionPreference = "Stop"
$password = Read-Host -AsSecureString "Password of $User"
$plain = [Runtime.InteropServices.Marshal]::PtrToStringAuto(
    [Runtime.InteropServices.Marshal]::SecureStringToBSTR($password))

# Output goes to a file for each day; PYTHONUTF8 keeps every character of it.
$command = "`$env:PYTHONUTF8 = 1; & '$Folder\venv\Scripts\countermand.exe' worker " +
    "*>> ('$Folder\logs\worker-' + (Get-Date -Format yyyy-MM-dd) + '.log'); exit `$LASTEXITCODE"
$action = New-ScheduledTaskAction -Execute "powershell.exe" -WorkingDirectory $Folder `
    -Argument "-NoProfile -NonInteractive -ExecutionPolicy Bypass -Command `"$command`""
$trigger = New-ScheduledTaskTrigger -AtStartup
# Ending a task is a crash for what it runs, so nothing but the file STOP ends it: no time limit, no second one beside it.
$settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -MultipleInstances IgnoreNew `
    -RestartCount 10 -RestartInterval (New-TimeSpan -Minutes 1) -StartWhenAvailable
New-Item -ItemType Directory -Force "$Folder\logs" | Out-Null
Register-ScheduledTask -TaskName "Countermand worker" -Action $action -Trigger $trigger -Settings $settings `
    -User $User -Password $plain -RunLevel Limited | Out-Null
Write-Output "Registered. Start it with: Start-ScheduledTask 'Countermand worker'"
