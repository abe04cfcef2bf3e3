Describe 'Should' {
    Context 'holds for <because>' -ForEach @(
        @{ Because = '-Be on equal values'; Code = { 1 | Should -Be 1; 'a' | Should -Be 'A'; 1 | Should -Be '1'; $null | Should -Be $null; $null | Should -Be @() } }
        @{ Because = '-Be on collections'; Code = { @(1, 2) | Should -Be @(1, 2); @() | Should -Be @(); @(1, @(2, 3)) | Should -Be @(1, @(2, 3)); , @(1) | Should -Be 1 } }
        @{ Because = '-Not -Be on collections'; Code = { @(1, 2) | Should -Not -Be @(2, 1); @(1, 2) | Should -Not -Be 1; @(1, @(2, 4)) | Should -Not -Be @(1, @(2, 3)) } }
        @{ Because = '-Be given an -ActualValue'; Code = { Should -ActualValue 1 -Be 1; Should -Be 1 -ActualValue 1 } }
        @{ Because = '-Be on a list'; Code = { [System.Collections.Generic.List[int]]@(1, 2) | Should -Be @(1, 2); @(1, 2) | Should -Be ([System.Collections.Generic.List[int]]@(1, 2)) } }
        @{ Because = '-BeExactly'; Code = { 'a' | Should -BeExactly 'a'; 'a' | Should -Not -BeExactly 'A'; @('a', 'b') | Should -BeExactly @('a', 'b') } }
        @{ Because = 'the orders'; Code = { 2 | Should -BeGreaterThan 1; 2 | Should -BeGreaterOrEqual 2; 1 | Should -BeLessThan 2; 1 | Should -BeLessOrEqual 1; 1 | Should -Not -BeGreaterThan 1 } }
        @{ Because = 'the short names'; Code = { 1 | Should -EQ 1; 'a' | Should -CEQ 'a'; 2 | Should -GT 1; 2 | Should -GE 2; 1 | Should -LT 2; 1 | Should -LE 1; 'a' | Should -CMATCH 'a'; 1 | Should -HaveType ([int]) } }
        @{ Because = '-BeLike'; Code = { 'abc' | Should -BeLike 'A*'; 'abc' | Should -Not -BeLikeExactly 'A*'; 'abc' | Should -BeLikeExactly 'a*' } }
        @{ Because = '-Match'; Code = { 'abc' | Should -Match 'B'; 'abc' | Should -Not -MatchExactly 'B'; 'abc' | Should -MatchExactly 'b'; 'abc' | Should -Not -Match '^b' } }
        @{ Because = '-BeIn'; Code = { 1 | Should -BeIn @(1, 2); 3 | Should -Not -BeIn @(1, 2); @(1, 2) | Should -BeIn @(1, 2, 3) } }
        @{ Because = '-Contain'; Code = { @(1, 2) | Should -Contain 2; @(1, 2) | Should -Not -Contain 3; 'a' | Should -Contain 'A' } }
        @{ Because = '-HaveCount'; Code = { @(1, 2) | Should -HaveCount 2; 1 | Should -HaveCount 1; @() | Should -HaveCount 0; @(1) | Should -Not -HaveCount 0 } }
        @{ Because = '-BeNullOrEmpty'; Code = { $null | Should -BeNullOrEmpty; '' | Should -BeNullOrEmpty; @() | Should -BeNullOrEmpty; @{} | Should -BeNullOrEmpty; 'a' | Should -Not -BeNullOrEmpty; 0 | Should -Not -BeNullOrEmpty } }
        @{ Because = '-BeTrue and -BeFalse'; Code = { $true | Should -BeTrue; 1 | Should -BeTrue; $false | Should -BeFalse; $null | Should -BeFalse; '' | Should -Not -BeTrue; 'a' | Should -Not -BeFalse } }
        @{ Because = '-BeOfType'; Code = { 1 | Should -BeOfType ([int]); 1 | Should -BeOfType int; 1 | Should -BeOfType '[int]'; 1 | Should -BeOfType System.ValueType; 1 | Should -Not -BeOfType string; @('a', 'b') | Should -BeOfType string } }
        @{ Because = '-Throw'; Code = { { throw 'x' } | Should -Throw; { } | Should -Not -Throw; { throw 'a file' } | Should -Throw 'a *'; { throw 'a file' } | Should -Throw -ExpectedMessage '*FILE' } }
        @{ Because = '-Throw on types and ids'; Code = {
                { throw [System.IO.FileNotFoundException]::new('gone') } | Should -Throw -ExceptionType ([System.IO.IOException])
                { throw [System.IO.FileNotFoundException]::new('gone') } | Should -Throw 'gone' -ExceptionType System.IO.IOException
                { [int]::Parse('x') } | Should -Throw -ErrorId 'FormatException'
                { Get-NoSuchCommand } | Should -Throw -ErrorId 'CommandNotFound*' -ExceptionType ([System.Management.Automation.CommandNotFoundException])
            }
        }
    ) {
        It 'passes' {
            & $Code
        }
    }

    Context 'fails with its message for <actual>' -ForEach @(
        @{ Actual = '-Be'; Message = 'Expected 2, but got 1.'; Code = { 1 | Should -Be 2 } }
        @{ Actual = '-Be -Because'; Message = 'Expected 2, because of that, but got 1.'; Code = { 1 | Should -Be 2 -Because 'of that' } }
        @{ Actual = '-Be, reason by position'; Message = 'Expected 2, because of that, but got 1.'; Code = { 1 | Should -Be 2 'because of that' } }
        @{ Actual = '-Not -Be'; Message = 'Expected 1 to be different from the actual value, but got the same value.'; Code = { 1 | Should -Not -Be 1 } }
        @{ Actual = '-Be on $null'; Message = 'Expected $null, but got 1.'; Code = { 1 | Should -Be $null } }
        @{ Actual = '-Be on arrays'; Message = 'Expected @(1, 2), but got @(1, 3).'; Code = { @(1, 3) | Should -Be @(1, 2) } }
        @{ Actual = '-Be on long arrays'; Message = 'Expected 1, but got @(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...2 more).'; Code = { 1..12 | Should -Be 1 } }
        @{ Actual = '-Be on strings'; Message = "Expected strings to be the same, but they were different.`nString lengths are both 3.`nStrings differ at index 2.`nExpected: 'abd'`nBut was:  'abc'`n           --^"; Code = { 'abc' | Should -Be 'abd' } }
        @{ Actual = '-Be on strings of two lengths'; Message = "Expected strings to be the same, because x, but they were different.`nExpected length: 2`nActual length:   4`nStrings differ at index 1.`nExpected: 'ab'`nBut was:  'a\nbc'`n           -^"; Code = { "a`nbc" | Should -Be 'ab' -Because x } }
        @{ Actual = '-BeExactly'; Message = 'Expected exactly 2, but got 1.'; Code = { 1 | Should -BeExactly 2 } }
        @{ Actual = '-BeExactly on strings'; Message = "Expected strings to be the same, but they were different.`nString lengths are both 2.`nStrings differ at index 1.`nExpected: 'aB'`nBut was:  'ab'`n           -^"; Code = { 'ab' | Should -BeExactly 'aB' } }
        @{ Actual = '-Not -BeExactly'; Message = "Expected 'a' to be different from the actual value, but got exactly the same value."; Code = { 'a' | Should -Not -BeExactly 'a' } }
        @{ Actual = '-BeGreaterThan'; Message = 'Expected the actual value to be greater than 2, but got 1.'; Code = { 1 | Should -BeGreaterThan 2 } }
        @{ Actual = '-Not -BeGreaterThan'; Message = 'Expected the actual value to be less than or equal to 1, but got 2.'; Code = { 2 | Should -Not -BeGreaterThan 1 } }
        @{ Actual = '-BeLessOrEqual'; Message = 'Expected the actual value to be less than or equal to 1, but got 2.'; Code = { 2 | Should -BeLessOrEqual 1 } }
        @{ Actual = '-BeGreaterOrEqual'; Message = 'Expected the actual value to be greater than or equal to 2, but got 1.'; Code = { 1 | Should -BeGreaterOrEqual 2 } }
        @{ Actual = '-BeLessThan'; Message = 'Expected the actual value to be less than 1, but got 1.'; Code = { 1 | Should -BeLessThan 1 } }
        @{ Actual = '-BeLike'; Message = "Expected like wildcard 'b*' to match 'abc', but it did not match."; Code = { 'abc' | Should -BeLike 'b*' } }
        @{ Actual = '-Not -BeLike'; Message = "Expected like wildcard 'a*' to not match 'abc', but it did match."; Code = { 'abc' | Should -Not -BeLike 'a*' } }
        @{ Actual = '-BeLikeExactly'; Message = "Expected case sensitive like wildcard 'A*' to match 'abc', but it did not match."; Code = { 'abc' | Should -BeLikeExactly 'A*' } }
        @{ Actual = '-Match'; Message = "Expected regular expression 'x' to match 'abc', but it did not match."; Code = { 'abc' | Should -Match 'x' } }
        @{ Actual = '-MatchExactly'; Message = "Expected regular expression 'A' to case sensitively match 'abc', but it did not match."; Code = { 'abc' | Should -MatchExactly 'A' } }
        @{ Actual = '-Not -MatchExactly'; Message = "Expected regular expression 'a' to not case sensitively match 'abc', but it did match."; Code = { 'abc' | Should -Not -MatchExactly 'a' } }
        @{ Actual = '-BeIn'; Message = 'Expected collection @(1, 2) to contain 3, but it was not found.'; Code = { 3 | Should -BeIn @(1, 2) } }
        @{ Actual = '-Not -BeIn'; Message = 'Expected collection @(1, 2) to not contain 2, but it was found.'; Code = { 2 | Should -Not -BeIn @(1, 2) } }
        @{ Actual = '-Contain'; Message = 'Expected 3 to be found in collection @(1, 2), but it was not found.'; Code = { @(1, 2) | Should -Contain 3 } }
        @{ Actual = '-Not -Contain'; Message = 'Expected 2 to not be found in collection @(1, 2), but it was found.'; Code = { @(1, 2) | Should -Not -Contain 2 } }
        @{ Actual = '-HaveCount'; Message = 'Expected a collection with size 3, but got collection with size 2 @(1, 2).'; Code = { @(1, 2) | Should -HaveCount 3 } }
        @{ Actual = '-HaveCount 0'; Message = 'Expected an empty collection, but got collection with size 1 1.'; Code = { 1 | Should -HaveCount 0 } }
        @{ Actual = '-HaveCount on nothing'; Message = 'Expected a collection with size 1, but got an empty collection.'; Code = { @() | Should -HaveCount 1 } }
        @{ Actual = '-Not -HaveCount'; Message = 'Expected a collection with size different from 2, but got collection with that size @(1, 2).'; Code = { @(1, 2) | Should -Not -HaveCount 2 } }
        @{ Actual = '-BeNullOrEmpty'; Message = 'Expected $null or empty, but got 1.'; Code = { 1 | Should -BeNullOrEmpty } }
        @{ Actual = '-BeNullOrEmpty on two'; Message = "Expected `$null or empty, but got @('a', 'b')."; Code = { @('a', 'b') | Should -BeNullOrEmpty } }
        @{ Actual = '-Not -BeNullOrEmpty'; Message = 'Expected a value, but got $null or empty.'; Code = { '' | Should -Not -BeNullOrEmpty } }
        @{ Actual = '-BeTrue'; Message = 'Expected $true, but got $false.'; Code = { $false | Should -BeTrue } }
        @{ Actual = '-Not -BeTrue'; Message = 'Expected $false, because x, but got 1.'; Code = { 1 | Should -Not -BeTrue -Because x } }
        @{ Actual = '-BeFalse'; Message = "Expected `$false, but got 'x'."; Code = { 'x' | Should -BeFalse } }
        @{ Actual = '-BeOfType'; Message = 'Expected the value to have type [string] or any of its subtypes, but got 1 with type [int].'; Code = { 1 | Should -BeOfType string } }
        @{ Actual = '-Not -BeOfType'; Message = 'Expected the value to not have type [int] or any of its subtypes, but got 1 with type [int].'; Code = { 1 | Should -Not -BeOfType int } }
        @{ Actual = '-BeOfType on nothing'; Message = 'Expected the value to have type [string] or any of its subtypes, but got $null with type $null.'; Code = { $null | Should -BeOfType string } }
        @{ Actual = '-BeOfType of no type'; Message = 'Could not find type `[no.such.type`]*'; Code = { $null | Should -BeOfType no.such.type } }
        @{ Actual = '-Exist'; Message = "Expected path '/no/such/path' to exist, but it did not exist."; Code = { '/no/such/path' | Should -Exist } }
        @{ Actual = '-Not -Exist'; Message = "Expected path '/' to not exist, because x, but it did exist."; Code = { '/' | Should -Not -Exist -Because 'x' } }
        @{ Actual = '-Throw'; Message = 'Expected an exception to be thrown, but no exception was thrown.'; Code = { { } | Should -Throw } }
        @{ Actual = '-Throw with a message'; Message = "Expected an exception with message like 'a*' to be thrown, because x, but the message was 'b'. from *"; Code = { { throw 'b' } | Should -Throw 'a*' -Because x } }
        @{ Actual = '-Throw with all'; Message = "Expected an exception with type ?System.IO.IOException?, message like 'a' and FullyQualifiedErrorId 'i' to be thrown, but the exception type was ?System.Management.Automation.RuntimeException?, the message was 'b' and the FullyQualifiedErrorId was 'b'. from *"; Code = { { throw 'b' } | Should -Throw 'a' -ErrorId 'i' -ExceptionType ([System.IO.IOException]) } }
        @{ Actual = '-Not -Throw'; Message = 'Expected no exception to be thrown, but an exception "b" was thrown from *'; Code = { { throw 'b' } | Should -Not -Throw } }
        @{ Actual = '-Throw on no script block'; Message = "Input is missing or not a ScriptBlock. Input to '-Throw' and '-Not -Throw' must be enclosed in curly braces."; Code = { 1 | Should -Throw } }
        @{ Actual = 'a value with text'; Message = "Expected 'a', but got @('b', `$null, `$true, [int], { x }, 1.5)."; Code = { @('b', $null, $true, [int], { x }, 1.5) | Should -Be 'a' } }
    ) {
        It 'says so' {
            $thrown = $null
            try { & $Code } catch { $thrown = $_.Exception.Message }
            if ($Message.Contains('*')) { $thrown | Should -BeLike $Message } else { $thrown | Should -BeExactly $Message }
        }
    }

    It 'passes on the error with -Throw -PassThru' {
        $record = { throw 'x' } | Should -Throw -PassThru
        $record | Should -BeOfType System.Management.Automation.ErrorRecord
        $record.Exception.Message | Should -Be 'x'
    }

    It 'tests each piped value by itself where the operator takes one' {
        { @(3, 1) | Should -BeGreaterThan 2 } | Should -Throw '*but got 1.'
    }

    It 'gives the assertion an id and a target' {
        $record = { 1 | Should -Be 2 } | Should -Throw -PassThru
        $record.FullyQualifiedErrorId | Should -BeExactly 'PesterAssertionFailed'
        $record.TargetObject.LineText | Should -BeLike '*1 | Should -Be 2*'
        $record.TargetObject.File | Should -Be $PSCommandPath
    }

    It 'does not let <Name> pass' -ForEach @(
        @{ Name = 'an unknown operator'; Code = { 1 | Should -Bez 1 } }
        @{ Name = 'no operator'; Code = { 1 | Should } }
        @{ Name = 'two operators'; Code = { 1 | Should -Be 1 -BeTrue } }
        @{ Name = 'the parameter of another operator'; Code = { 1 | Should -Be 1 -ErrorId 1 } }
        @{ Name = 'the old syntax'; Code = { 1 | Should Be 1 } }
    ) {
        $thrown = $null
        try { & $Code } catch { $thrown = $_ }
        $thrown | Should -Not -BeNullOrEmpty
    }
}

Describe 'Should on files' {
    BeforeAll {
        [System.IO.File]::WriteAllText("$TestDrive/a.txt", "first`nsecond`n")
    }

    It 'sees what exists' {
        'TestDrive:\a.txt' | Should -Exist
        'TestDrive:/a*' | Should -Exist
        "$TestDrive/a.txt" | Should -Exist
        'TestDrive:\b.txt' | Should -Not -Exist
    }

    It 'matches content' {
        'TestDrive:\a.txt' | Should -FileContentMatch '^SECOND$'
        "$TestDrive/a.txt" | Should -FileContentMatchExactly '^second$'
        "$TestDrive/a.txt" | Should -Not -FileContentMatchExactly 'SECOND'
        "$TestDrive/a.txt" | Should -FileContentMatchMultiline 'first\nSecond'
        "$TestDrive/a.txt" | Should -Not -FileContentMatchMultilineExactly 'first\nSecond'
        "$TestDrive/a.txt" | Should -FileContentMatchMultilineExactly 'first\nsecond'
    }

    It 'says what was not found' {
        { "$TestDrive/a.txt" | Should -FileContentMatch 'third' } | Should -Throw "Expected 'third' to be found in file *a.txt', but it was not found."
        { "$TestDrive/a.txt" | Should -Not -FileContentMatchExactly 'first' -Because x } |
            Should -Throw "Expected 'first' to not be case sensitively found in file *a.txt', because x, but it was found."
    }
}

Describe 'Should -HaveParameter' {
    BeforeAll {
        function Test-Subject {
            [CmdletBinding(DefaultParameterSetName = 'A')]
            param(
                [Parameter(Mandatory, ParameterSetName = 'A')]
                [Parameter(ParameterSetName = 'B')]
                [Alias('n', 'nm')]
                [string] $Name,

                [ArgumentCompleter({ 'x' })]
                [int] $Size = 5,

                [Parameter(ParameterSetName = 'B')]
                [switch] $Force
            )
            $null = $Name, $Size, $Force
        }

        Register-ArgumentCompleter -CommandName Test-Subject -ParameterName Name -ScriptBlock { 'y' }
        $command = Get-Command Test-Subject
    }

    It 'knows <Name>' -ForEach @(
        @{ Name = 'presence'; Code = { $command | Should -HaveParameter Name; $command | Should -Not -HaveParameter Nothing } }
        @{ Name = 'type'; Code = { $command | Should -HaveParameter Name -Type string; $command | Should -HaveParameter Size -Type ([int]); $command | Should -HaveParameter Size -Not -Type string } }
        @{ Name = 'mandatory'; Code = { $command | Should -HaveParameter Name -Mandatory; $command | Should -HaveParameter Size -Not -Mandatory } }
        @{ Name = 'sets'; Code = { $command | Should -HaveParameter Force -InParameterSet B; $command | Should -Not -HaveParameter Force -InParameterSet A; $command | Should -HaveParameter Name -InParameterSet A -Mandatory } }
        @{ Name = 'completers'; Code = { $command | Should -HaveParameter Size -HasArgumentCompleter; $command | Should -HaveParameter Name -HasArgumentCompleter; $command | Should -Not -HaveParameter Force -HasArgumentCompleter } }
        @{ Name = 'aliases'; Code = { $command | Should -HaveParameter Name -Alias n; $command | Should -HaveParameter Name -Alias n, nm } }
        @{ Name = 'defaults'; Code = { $command | Should -HaveParameter Size -DefaultValue 5; $command | Should -Not -HaveParameter Size -DefaultValue 6; $command | Should -HaveParameter Name -DefaultValue '' } }
    ) {
        & $Code
    }

    It 'says what is wrong with <Wrong>' -ForEach @(
        @{ Wrong = 'absence'; Message = 'Expected command Test-Subject to have a parameter None, but the parameter is missing.'; Code = { $command | Should -HaveParameter None } }
        @{ Wrong = 'presence'; Message = 'Expected command Test-Subject to not have a parameter Name, but the parameter exists.'; Code = { $command | Should -Not -HaveParameter Name } }
        @{ Wrong = 'mandatory'; Message = "Expected command Test-Subject to have a parameter Size*which is mandatory, because x, but it wasn't mandatory."; Code = { $command | Should -HaveParameter Size -Mandatory -Because x } }
        @{ Wrong = 'type'; Message = 'Expected command Test-Subject to have a parameter Size*of type `[System.String`], but it was of type `[System.Int32`].'; Code = { $command | Should -HaveParameter Size -Type string } }
        @{ Wrong = 'alias'; Message = "Expected command Test-Subject to have a parameter Size*with alias 's', but it didn't have an alias 's'."; Code = { $command | Should -HaveParameter Size -Alias s } }
        @{ Wrong = 'aliases'; Message = "*with aliases 's', 'n' and 't', but it didn't have the aliases 's' and 't'."; Code = { $command | Should -HaveParameter Name -Alias s, n, t } }
        @{ Wrong = 'completer'; Message = 'Expected command Test-Subject to have a parameter Force*has ArgumentCompletion, but has no ArgumentCompletion.'; Code = { $command | Should -HaveParameter Force -HasArgumentCompleter } }
        @{ Wrong = 'default'; Message = "*the default value to be '6', but the default value was '5'."; Code = { $command | Should -HaveParameter Size -DefaultValue 6 } }
        @{ Wrong = 'input'; Message = 'Input value *'; Code = { 1 | Should -HaveParameter Size } }
    ) {
        $Code | Should -Throw -ExpectedMessage $Message
    }
}
