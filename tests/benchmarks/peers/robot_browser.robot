*** Settings ***
Documentation       Robot Framework Browser, a suite as its documentation writes one; Take Screenshot takes the pictures.
Library             Browser    timeout=30s
Library             robot_turns.py


*** Test Cases ***
Cancel The Orders That Come In
    ${browser}=    Get Setting    browser
    ${width}=    Get Setting    width
    ${height}=    Get Setting    height
    New Browser    chromium    headless=True    executablePath=${browser}
    New Context    viewport={'width': ${width}, 'height': ${height}}
    New Page
    WHILE    True    limit=NONE
        ${round}=    Next Round
        IF    $round is None    BREAK
        Sign In    ${round}
        Entered
        WHILE    True    limit=NONE
            ${order}=    Next Order
            IF    $order is None    BREAK
            Go To Dashboard    ${order}
            Wait For My Turn
            ${status}=    Cancel Order    ${order}
            Order Is Done    ${status}    ${5}
        END
    END


*** Keywords ***
Sign In
    [Arguments]    ${round}
    Go To    ${round.url}
    Fill Text    id=username    ${round.username}
    Fill Text    id=login    ${round.password}
    Click    role=button[name="Sign in"]
    Click    role=link[name=/Marketing/]
    Click    role=link[name=/Amazon Sales Channel/]
    Wait For Elements State    text="Sell products in the Amazon marketplace"    visible

Go To Dashboard
    [Arguments]    ${order}
    Evaluate JavaScript    ${None}    () => { location.hash = '#/store-details/${order.store_id}'; }
    Wait For Elements State    role=link[name="${order.order}"]    visible

Cancel Order
    [Arguments]    ${order}
    Click    role=link[name="${order.order}"]
    Wait For Elements State    role=button[name="Cancel Order"]    visible
    Take Screenshot
    Click    role=button[name="Cancel Order"]
    Wait For Elements State    role=button[name="Confirm"]    visible
    Take Screenshot
    Click    role=button[name=/Reason for cancellation/]
    Click    role=option[name="${order.reason}"]
    Take Screenshot
    Click    role=button[name="Confirm"]
    Wait For Elements State    text=has been canceled    visible
    Take Screenshot
    Reload
    ${status}=    Get Text    //span[normalize-space()='Status']/following-sibling::*[1]
    Take Screenshot
    RETURN    ${status}
